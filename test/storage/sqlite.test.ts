import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { testStorage } from "../../src/testing/index.ts";

testStorage("sqlite", () => {
  const folder = mkdtempSync(join(tmpdir(), "nuvom-"));
  return {
    open: () => openSqlite(join(folder, "jobs.db")),
    cleanup: () => rmSync(folder, { recursive: true }),
  };
});
