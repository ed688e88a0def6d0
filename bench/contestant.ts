import type { Contest } from "../cli/bench/contest.ts";
import type { Description } from "./figures.ts";

export { type Contest, type Payload, payloads } from "../cli/bench/contest.ts";

/** Where a contestant may keep its jobs: in a folder of its own or, if that is its storage, on a server. */
export interface Place {
  /** An empty folder. */
  folder: string;
  /** Of an empty Redis. */
  redis: string;
  /** Of an empty database, with the password of a superuser. */
  postgresql: string;
}

/** Nuvom, a peer, or the bare calls below them, in one of the ways to set it up. */
export interface Contestant extends Description {
  /** Begins with an empty storage. */
  open(place: Place): Promise<Contest>;
}
