import { Database } from "bun:sqlite";
import { join } from "node:path";
import { decode, encode } from "@msgpack/msgpack";
import type { Contest, Contestant, Payload } from "../contestant.ts";
import { grouped } from "./grouped.ts";
import { type BareJob, bareProcesses } from "./processes.ts";

/** The bare calls of SQLite that a queue needs: one table, one index, and a commit that reaches the disk. */
export const contestants: Contestant[] = [
  {
    name: "bare SQLite",
    kind: "ceiling",
    storage: "sqlite",
    contests: ["one at a time", "in flight", "bulk", "drain"],
    durability: "every commit survives a power failure (synchronous=FULL)",
    survives: "power failure",
    setup:
      "a table, an index, and child processes that nothing watches: no lease, no retry, no checks, no counters",
    open: async ({ folder }) => open(join(folder, "bare.db")),
  },
];

function open(path: string): Contest {
  const database = new Database(path);
  database.run("PRAGMA journal_mode = WAL");
  database.run("PRAGMA synchronous = FULL");
  database.run(
    `CREATE TABLE jobs (id TEXT PRIMARY KEY, task TEXT, queue TEXT, priority INTEGER, run_at INTEGER, state TEXT,
       attempt INTEGER DEFAULT 0, input BLOB, result BLOB, finished_at INTEGER)`,
  );
  database.run("CREATE INDEX due ON jobs (queue, priority, run_at, id) WHERE state = 'pending'");
  const insert = database.prepare(
    "INSERT INTO jobs (id, task, queue, priority, run_at, state, input) VALUES (?, ?, ?, ?, ?, 'pending', ?)",
  );
  const claim = database.prepare<{ rowid: number; input: Uint8Array }, [number, number]>(
    `UPDATE jobs SET state = 'running', attempt = attempt + 1 WHERE rowid IN
       (SELECT rowid FROM jobs WHERE state = 'pending' AND queue = 'default' AND priority = 1 AND run_at <= ?
        ORDER BY run_at, id LIMIT ?)
     RETURNING rowid, input`,
  );
  const finish = database.prepare(
    "UPDATE jobs SET state = 'succeeded', result = ?, finished_at = ? WHERE rowid = ? AND state = 'running'",
  );

  function add(payloads: readonly Payload[]): void {
    const now = Date.now();
    database.run("BEGIN IMMEDIATE");
    for (const payload of payloads) {
      insert.run(Bun.randomUUIDv7(), "bench.returns-index", "default", 1, now, encode(payload));
    }
    database.run("COMMIT");
  }

  const processes = bareProcesses((limit, results) => {
    const now = Date.now();
    database.run("BEGIN IMMEDIATE");
    for (const [rowid, result] of results) finish.run(result, now, rowid);
    const jobs = claim.all(now, limit).map(({ rowid, input }): BareJob => [rowid, input]);
    database.run("COMMIT");
    return jobs;
  });

  return {
    enqueue: grouped(add),
    enqueueMany: async (payloads) => add(payloads),
    drain: (count) => processes.drain(count),
    async delivered() {
      const rows = database.query<{ result: Uint8Array; attempt: number }, []>(
        "SELECT result, attempt FROM jobs WHERE state = 'succeeded'",
      );
      return new Map(rows.all().map(({ result, attempt }) => [decode(result) as number, attempt]));
    },
    async close() {
      processes.close();
      database.close();
    },
  };
}
