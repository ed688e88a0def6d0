/** Enqueues `count` journal jobs with the values from `first` on, in batches of many sizes. */
import { Nuvom } from "../../src/index.ts";
import { journal } from "../fixtures/tasks/basic.ts";

const [storage, file, first, count] = process.argv.slice(2) as [string, string, string, string];
const nuvom = new Nuvom({ storage });
const values = Array.from({ length: Number(count) }, (_, index) => ({ file, value: Number(first) + index }));
for (let start = 0, size = 1; start < values.length; start += size, size = (size % 97) + 1) {
  await Promise.all(values.slice(start, start + size).map((input) => nuvom.enqueue(journal, input)));
}
await nuvom.close();
