/** What is to come, the earliest first, and of the same time what was added first: a binary heap. */
export class TimeLine<Item extends { at: number }> {
  readonly #heap: { item: Item; turn: number }[] = [];
  #turns = 0;

  first(): Item | undefined {
    return this.#heap[0]?.item;
  }

  add(item: Item): void {
    const heap = this.#heap;
    const entry = { item, turn: this.#turns++ };
    let place = heap.length;
    heap.push(entry);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = entry;
  }

  removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
  }
}

function isBefore(
  a: { item: { at: number }; turn: number },
  b: { item: { at: number }; turn: number },
): boolean {
  return a.item.at < b.item.at || (a.item.at === b.item.at && a.turn < b.turn);
}
