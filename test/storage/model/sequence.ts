import fc from "fast-check";
import type { Storage } from "../../../src/storage/storage.ts";
import { answerTo, type Call, differences } from "./comparison.ts";
import { ending, everything } from "./looks.ts";
import { createModel } from "./model.ts";
import { anOperation } from "./operations.ts";
import { callText, shown } from "./text.ts";
import { all, start, workers } from "./values.ts";

/** After how many operations all that can be seen is compared. */
const lookEvery = 10;

/** An operation of one of two handles, some time after the one before. */
const aStep = fc.record({
  handle: fc.nat(1),
  wait: fc.constantFrom(0, 0, 0, 0, 1, 1, 4, 30),
  operation: anOperation,
});
type Step = typeof aStep extends fc.Arbitrary<infer T> ? T : never;

export const aSequence = fc.array(aStep, { maxLength: 90, size: "max" });

/** A worker claims on one handle and notes on the same, as the contract demands. */
function handleFor({ method, asked }: Call): number | null {
  return method === "claim" || method === "claimParked" || method === "note"
    ? workers.indexOf(asked[0]) % 2
    : null;
}

/** Does the same to a storage, through two handles, and to the model; throws where they differ, with what was done. */
export async function follow(steps: readonly Step[], handles: readonly [Storage, Storage]): Promise<void> {
  const model = createModel();
  const spent = new Set<string>();
  const done: string[] = [];
  let now = start;

  async function compare(call: Call, handle: number) {
    const expected = await answerTo(call, model);
    const actual = await answerTo(call, handles[handle]!);
    const found = differences(expected, actual);
    done.push(`${"AB"[handle]} ${callText(call)} → ${shown(expected)}`);
    if (found.length > 0) throw new Error([...done, ...found.map((line) => `  ! ${line}`)].join("\n"));
  }

  async function look(handle: number) {
    const length = done.length;
    for (const call of everything()) {
      await compare(call, handle);
      done.length = length;
    }
  }

  for (const [turn, { handle, wait, operation }] of steps.entries()) {
    now += wait;
    const call = operation({ now, model, spent, turn });
    await compare(call, handleFor(call) ?? handle);
    for (const { id, claims } of model.list({}, all)) if (claims > 0) spent.add(id);
    if (turn % lookEvery === lookEvery - 1) await look(1 - handle);
  }
  await look(0);
  for (const [index, call] of ending(now).entries()) await compare(call, index % 2);
}
