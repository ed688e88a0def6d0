import { join } from "node:path";
import { peerFiles } from "./compare/all.ts";
import type { Contestant } from "./contestant.ts";
import type { Description } from "./figures.ts";

export interface Listed extends Description {
  /** The file that has it, as `bench/contest.ts` takes it. */
  file: string;
}

const ownFiles = ["nuvom/contestants.ts", "ceiling/sqlite.ts", "ceiling/redis.ts"];

/** Nuvom, the ceilings and, once they are installed, the peers. */
export async function listContestants({ peers }: { peers: boolean }): Promise<Listed[]> {
  const files = [...ownFiles, ...(peers ? peerFiles : [])];
  const lists = await Promise.all(files.map(contestantsIn));
  return lists.flat();
}

/** @param file relative to this folder. */
export async function contestantsIn(file: string): Promise<Listed[]> {
  const { contestants } = (await import(join(import.meta.dir, file))) as { contestants: Contestant[] };
  return contestants.map(({ open: _, ...description }) => ({ ...description, file }));
}
