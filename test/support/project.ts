import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";

const repository = join(import.meta.dir, "../..");

/** What users of Nuvom may have installed besides. */
const packages = ["zod", "prom-client", "@opentelemetry/api"];

/** A user's project in a folder of its own, with these files and with Nuvom and those packages installed. */
export async function temporaryProject(files: Record<string, string> = {}) {
  const folder = temporaryFolder();
  mkdirSync(folder.file("node_modules/@opentelemetry"), { recursive: true });
  symlinkSync(repository, folder.file("node_modules/nuvom"));
  for (const name of packages) {
    symlinkSync(join(repository, "node_modules", name), folder.file(`node_modules/${name}`));
  }
  await Bun.write(folder.file("package.json"), '{ "name": "project" }');
  for (const [name, content] of Object.entries(files)) await Bun.write(folder.file(name), content);
  return folder;
}
