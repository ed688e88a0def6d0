import { describe, expect, test } from "bun:test";
import { Loop } from "../../src/worker/loop.ts";
import { VirtualClock } from "../support/clock.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A loop whose steps are recorded, each with the answer that the test gives it. */
function recorded(answer: (step: number) => Promise<number | null> | number | null) {
  const clock = new VirtualClock(0);
  const steps: number[] = [];
  const failures: [unknown, number][] = [];
  const loop = new Loop(
    clock,
    async () => {
      steps.push(clock.now());
      return answer(steps.length);
    },
    (error, retryIn) => failures.push([error, retryIn]),
  );
  return { clock, steps, failures, loop };
}

describe("a loop", () => {
  test("steps when the step before asked for it, and not without end", async () => {
    const { clock, steps, loop } = recorded((step) => (step < 3 ? step * 1_000 : null));
    loop.wake();
    await turn();
    await clock.advance(60_000);
    expect(steps).toEqual([0, 1_000, 2_000]);
  });

  test("leaves what happens in one turn to one step", async () => {
    const { steps, loop } = recorded(() => null);
    for (let i = 0; i < 9; i++) loop.wake();
    await turn();
    expect(steps).toEqual([0]);
  });

  test("steps once more if it is woken while it steps, and never twice at a time", async () => {
    const gate = Promise.withResolvers<null>();
    const { steps, loop } = recorded((step) => (step === 1 ? gate.promise : null));
    loop.wake();
    await turn();
    loop.wake();
    loop.wake();
    await turn();
    expect(steps).toHaveLength(1);
    gate.resolve(null);
    await turn();
    await turn();
    expect(steps).toHaveLength(2);
  });

  test("repeats a step that fails after pauses that double up to a second, however often it is woken", async () => {
    const trouble = new Error("trouble");
    const { clock, steps, failures, loop } = recorded((step) => (step < 7 ? Promise.reject(trouble) : null));
    loop.wake();
    await turn();
    for (let i = 0; i < 50; i++) {
      loop.wake();
      await clock.advance(100);
    }
    expect(failures).toEqual([100, 200, 400, 800, 1_000, 1_000].map((pause) => [trouble, pause]));
    expect(steps.slice(0, 7)).toEqual([0, 100, 300, 700, 1_500, 2_500, 3_500]);
  });

  test("that is stopped does not tell how the step that was under way failed", async () => {
    const gate = Promise.withResolvers<null>();
    const { failures, loop } = recorded(() => gate.promise);
    loop.wake();
    await turn();
    loop.stop();
    gate.reject(new Error("closed"));
    await turn();
    expect(failures).toEqual([]);
  });

  test("that is stopped steps no more, be it idle, stepping or pausing", async () => {
    const idle = recorded(() => 1_000);
    idle.loop.wake();
    await turn();
    idle.loop.stop();
    const stepping = recorded(() => 0);
    stepping.loop.wake();
    stepping.loop.stop();
    const pausing = recorded(() => Promise.reject(new Error("trouble")));
    pausing.loop.wake();
    await turn();
    pausing.loop.stop();
    for (const { clock, loop } of [idle, stepping, pausing]) {
      loop.wake();
      await clock.advance(60_000);
    }
    expect([idle, stepping, pausing].map(({ steps }) => steps.length)).toEqual([1, 0, 1]);
  });
});
