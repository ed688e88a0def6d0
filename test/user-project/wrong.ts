/** What the compiler must refuse, line by line. */
import { Nuvom, startWorker, task } from "nuvom";
import { testNuvom } from "nuvom/testing";
import { z } from "zod";
import { sum, tick, welcome } from "./right.ts";

export async function wrong(): Promise<void> {
  // @ts-expect-error: not a number
  await sum.enqueue({ x: "not a number", y: 2 });
  // @ts-expect-error: a field is missing
  await sum.enqueue({ x: 1 });
  // @ts-expect-error: the input is missing
  await sum.enqueue();
  // @ts-expect-error: the schema wants a text
  await welcome.enqueue({ to: 5, age: "7" });
  // @ts-expect-error: enqueue takes what the schema takes, not what it makes of it
  await welcome.enqueue({ to: "a@b.c", age: 7 });
  // @ts-expect-error: not a duration
  await tick.enqueue(undefined, { in: "10 minutes" });
  // @ts-expect-error: there is no such option
  await tick.enqueue(undefined, { delay: 5 });
  // @ts-expect-error: many jobs cannot share a key
  await sum.enqueueMany([{ x: 1, y: 2 }], { key: "k" });
  // @ts-expect-error: the result is a number
  const text: string = await (await sum.enqueue({ x: 1, y: 2 })).result();
  // @ts-expect-error: input and function do not fit
  task("user.misfit", { input: z.object({ to: z.string() }), run: ({ from }) => from });
  // @ts-expect-error: there is no such option
  new Nuvom({ url: text });
  // @ts-expect-error: not a number
  await startWorker({ processes: "2" });
  // @ts-expect-error: tasks, not their names
  const nuvom = testNuvom({ tasks: ["user.tick"] });
  // @ts-expect-error: not a duration
  await nuvom.advance("2 hours");
  // @ts-expect-error: the input has no such field
  (await nuvom.jobs(sum))[0]?.input.z;
}
