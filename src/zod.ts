import type { z } from "zod";

/**
 * A schema that is made when it is first asked for, and zod loaded with it: that takes longer than all else of Nuvom,
 * and a worker's process, for which jobs may wait, has no use for it unless its tasks do.
 */
export function lazily<Schema>(make: (zod: typeof z) => Schema): () => Schema {
  let made: Schema | undefined;
  return () => {
    made ??= make(require("zod").z);
    return made;
  };
}
