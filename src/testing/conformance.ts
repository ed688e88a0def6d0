import { describe, test } from "bun:test";
import type { Storage } from "../storage/storage.ts";
import type { Law } from "./builders.ts";
import { handleLaws } from "./conformance-handles.ts";
import { jobLaws } from "./conformance-jobs.ts";
import { noteAndParkLaws } from "./conformance-notes.ts";
import { operationLaws } from "./conformance-operations.ts";
import { retentionLaws } from "./conformance-retention.ts";
import { scheduleAndWakeLaws } from "./conformance-schedules.ts";
import { settleLaws } from "./conformance-settle.ts";

/** One set of data, empty at first, and the handles on it. */
export interface StorageUnderTest {
  /** Opens another handle on the data. The suite closes them all. */
  open(): Storage | Promise<Storage>;
  /** Deletes the data, after its last handle was closed. */
  cleanup?(): void | Promise<void>;
}

const testTimeout = 20_000;

/**
 * Registers with `bun:test` the laws that every storage obeys, one test each. `fresh` is called once a test, for data
 * of its own:
 *
 * ```ts
 * // postgres.test.ts, run by `bun test`
 * import { testStorage } from "nuvom/testing";
 * import { dropSchema, openPostgres } from "./postgres.ts";
 *
 * testStorage("postgres", () => {
 *   const schema = `test_${crypto.randomUUID()}`;
 *   return { open: () => openPostgres(schema), cleanup: () => dropSchema(schema) };
 * });
 * ```
 *
 * The laws are stricter than the contract in two points, so that they can be tested without waiting: a wake is not
 * lost once `onWake` has returned (a storage that needs time to subscribe calls back when it has), and `close` may be
 * called twice.
 */
export function testStorage(name: string, fresh: () => StorageUnderTest | Promise<StorageUnderTest>): void {
  const law: Law = (title, body) =>
    test(
      title,
      async () => {
        const data = await fresh();
        const handles: Storage[] = [];
        const open = async () => {
          const handle = await data.open();
          handles.push(handle);
          return handle;
        };
        try {
          await body(await open(), open);
        } finally {
          await Promise.all(handles.map((handle) => handle.close()));
          await data.cleanup?.();
        }
      },
      testTimeout,
    );

  describe(name, () => {
    jobLaws(law);
    settleLaws(law);
    scheduleAndWakeLaws(law);
    operationLaws(law);
    noteAndParkLaws(law);
    retentionLaws(law);
    describe("handles", () => handleLaws(law));
  });
}
