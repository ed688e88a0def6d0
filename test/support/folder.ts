import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is gone when the test's scope ends: `using folder = temporaryFolder()`. */
export function temporaryFolder() {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "nuvom-")));
  return {
    path,
    file: (name: string) => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
