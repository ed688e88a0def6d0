import add from "./lua/add.lua" with { type: "text" };
import cancel from "./lua/cancel.lua" with { type: "text" };
import changeSchedules from "./lua/change_schedules.lua" with { type: "text" };
import claim from "./lua/claim.lua" with { type: "text" };
import counts from "./lua/counts.lua" with { type: "text" };
import encodings from "./lua/encodings.lua" with { type: "text" };
import get from "./lua/get.lua" with { type: "text" };
import heartbeat from "./lua/heartbeat.lua" with { type: "text" };
import insert from "./lua/insert.lua" with { type: "text" };
import list from "./lua/list.lua" with { type: "text" };
import nextRunAt from "./lua/next_run_at.lua" with { type: "text" };
import nextSchedules from "./lua/next_schedules.lua" with { type: "text" };
import note from "./lua/note.lua" with { type: "text" };
import pause from "./lua/pause.lua" with { type: "text" };
import prelude from "./lua/prelude.lua" with { type: "text" };
import prune from "./lua/prune.lua" with { type: "text" };
import recover from "./lua/recover.lua" with { type: "text" };
import retry from "./lua/retry.lua" with { type: "text" };
import schedules from "./lua/schedules.lua" with { type: "text" };
import settle from "./lua/settle.lua" with { type: "text" };
import states from "./lua/states.lua" with { type: "text" };
import trim from "./lua/trim.lua" with { type: "text" };

export interface Script {
  text: string;
  sha: string;
  /** Whether it leaves bytes for its caller. */
  handsOver: boolean;
}

/**
 * The first line makes Redis check before the script begins, not in its middle, whether it may write. When Redis is
 * full, what `frees` may still run: it leads to memory being freed.
 */
function script(body: string, { frees = false } = {}): Script {
  const text = `#!lua${frees ? " flags=allow-oom" : ""}\n${encodings}\n${prelude}\n${body}`;
  const sha = new Bun.CryptoHasher("sha1").update(text).digest("hex");
  return { text, sha, handsOver: body.includes("hand_over(") };
}

export const scripts = {
  cancel: script(cancel, { frees: true }),
  changeSchedules: script(`${add}\n${changeSchedules}`),
  claim: script(claim, { frees: true }),
  counts: script(counts, { frees: true }),
  get: script(get, { frees: true }),
  heartbeat: script(heartbeat, { frees: true }),
  insert: script(`${add}\n${insert}`),
  list: script(list, { frees: true }),
  nextRunAt: script(nextRunAt, { frees: true }),
  nextSchedules: script(nextSchedules, { frees: true }),
  note: script(note),
  pause: script(pause),
  prune: script(prune, { frees: true }),
  recover: script(recover, { frees: true }),
  retry: script(retry),
  schedules: script(schedules, { frees: true }),
  settle: script(settle, { frees: true }),
  states: script(states, { frees: true }),
  trim: script(trim, { frees: true }),
};

export interface Answer {
  answer: unknown;
  /** What the script handed over. */
  bytes: Uint8Array | null;
}

/** Runs a script by its hash; sends its text if the server does not know it, as after a restart. */
export async function evaluate(
  client: Bun.RedisClient,
  { sha, text, handsOver }: Script,
  keys: readonly string[],
  values: readonly (string | Uint8Array)[],
): Promise<Answer> {
  const rest = [String(keys.length), ...keys, ...values] as string[];
  // Commands of a connection are answered in order, so what is read right behind a script is what it left.
  const send = async (command: string, name: string) => {
    const answer = client.send(command, [name, ...rest]);
    if (!handsOver) return { answer: await answer, bytes: null };
    const [handoff] = keys as [string];
    const [given, bytes] = await Promise.all([answer, client.getBuffer(handoff), client.del(handoff)]);
    return { answer: given, bytes };
  };
  try {
    return await send("EVALSHA", sha);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return send("EVAL", text);
  }
}
