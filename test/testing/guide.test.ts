import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryProject } from "../support/project.ts";

const repository = join(import.meta.dir, "../..");

async function bunTest(folder: string): Promise<string> {
  const child = Bun.spawn([process.execPath, "test"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const [output] = await Promise.all([child.stderr.text(), child.exited]);
  return output;
}

test("the tests in docs/testing.md pass as they stand", async () => {
  const guide = readFileSync(join(repository, "docs/testing.md"), "utf8");
  const blocks = [...guide.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)];
  expect(blocks).toHaveLength(guide.split("```ts").length - 1);
  using project = await temporaryProject(Object.fromEntries(blocks.map(([, name, code]) => [name!, code!])));
  expect(await bunTest(project.path)).toMatch(/\n 5 pass\n 0 fail\n.*across 2 files/s);
}, 30_000);

test("the tests of examples/server pass", async () => {
  expect(await bunTest(join(repository, "examples/server"))).toMatch(/\n 2 pass\n 0 fail\n/);
}, 30_000);
