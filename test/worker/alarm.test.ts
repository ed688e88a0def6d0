import { expect, test } from "bun:test";
import { Alarm } from "../../src/worker/alarm.ts";
import { VirtualClock } from "../support/clock.ts";

/** An alarm whose rings are recorded, on a clock that can be held up as a busy program is. */
function recorded() {
  const clock = new VirtualClock(0);
  const rings: number[] = [];
  let heldUp = 0;
  const late = { now: () => clock.now() + heldUp, after: clock.after.bind(clock) };
  const alarm = new Alarm(late, () => rings.push(clock.now()));
  return { clock, alarm, rings, holdUp: (milliseconds: number) => (heldUp = milliseconds) };
}

test("rings once, at the earliest time it was set for", async () => {
  const { clock, alarm, rings } = recorded();
  for (const at of [500, 300, 400]) alarm.set(at);
  await clock.advance(10_000);
  expect(rings).toEqual([300]);
  alarm.set(20_000);
  alarm.cancel();
  await clock.advance(20_000);
  expect(rings).toEqual([300]);
});

test("rings a moment later if it is late, but always rings, however late each timer is", async () => {
  const { clock, alarm, rings, holdUp } = recorded();
  alarm.set(300);
  holdUp(5_000);
  await clock.advance(10_000);
  expect(rings).toEqual([320]);
});
