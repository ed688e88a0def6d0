import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";

const repository = join(import.meta.dir, "../..");

/** A user's project in a folder of its own, with these files and with Nuvom and zod installed. */
export async function temporaryProject(files: Record<string, string> = {}) {
  const folder = temporaryFolder();
  mkdirSync(folder.file("node_modules"));
  symlinkSync(repository, folder.file("node_modules/nuvom"));
  symlinkSync(join(repository, "node_modules/zod"), folder.file("node_modules/zod"));
  await Bun.write(folder.file("package.json"), '{ "name": "project" }');
  for (const [name, content] of Object.entries(files)) await Bun.write(folder.file(name), content);
  return folder;
}
