import type { Contest } from "../cli/bench/contest.ts";
import type { Description } from "./figures.ts";

export { type Contest, type Payload, payloads } from "../cli/bench/contest.ts";

/** Where a contestant may keep its jobs; each process that measures has a folder of its own, and empty servers. */
export interface Place {
  /** An empty folder. */
  folder: string;
  /** An empty Redis. */
  redis: string;
  /** An empty database, of which a superuser's password is in the URL. */
  postgresql: string;
}

/** Nuvom, a peer, or the bare calls below them, in one of the ways to set it up. */
export interface Contestant extends Description {
  /** Begins with an empty storage. */
  open(place: Place): Promise<Contest>;
}
