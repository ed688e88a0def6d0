import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { version } from "../../package.json";
import type { Members } from "./bindings.ts";
import type { DiscoveredTask, FileScan, Links } from "./scan.ts";

/** What is known of a file as long as it stays as it is. */
export interface FileRecord {
  /** Its size and times when it was read, empty if it may have changed since without changing those. */
  stamp: string;
  hash: string;
  /** Under which names it exports `task`; missing if it does not name the package. */
  exports?: Members;
  /** The modules from which it imports what may be `task`; missing as long as no file of the project exports that. */
  imports?: string[];
  /** What it defines, and which imports that depends on; missing if there is nothing to look for. */
  found?: FileScan & { links: Links };
}

/** What a discovery leaves to the next one. */
export interface Cache {
  /** The names under which files of the project export `task`. */
  exported: string[];
  /** By path from the root. */
  files: Map<string, FileRecord>;
}

export const noCache: Cache = { exported: [], files: new Map() };

/** Where they are in a project. Only the manifest is fit to be committed. */
export const manifestPath = ".nuvom/manifest.json";
const cachePath = ".nuvom/files.json";
const manifestVersion = 1;
/** Another version of the scanner, or of the transpiler that it builds on, may find something else. */
const seed = Bun.hash.wyhash(`${version} ${Bun.version}`);

/** Reads what the last discovery left. Nothing is known if that is damaged or of another version. */
export function readCache(root: string): Cache {
  const text = textOf(join(root, cachePath)) ?? "";
  const [seal, body = ""] = text.split("\n", 2);
  if (seal !== `["${sealOf(body)}",`) return noCache;
  const { exported, files } = JSON.parse(body);
  return { exported, files: new Map(files) };
}

/** Keeps what is known for the next discovery, and the manifest, if they can be written. */
export function writeCache(root: string, { exported, files }: Cache, manifest: string): void {
  const body = JSON.stringify({ exported, files: [...files] });
  replace(join(root, cachePath), `["${sealOf(body)}",\n${body}\n]\n`);
  replace(join(root, manifestPath), manifest);
}

/** Which tasks the files of a project define, the same text for the same sources. */
export function manifestOf(tasks: readonly DiscoveredTask[], hashOf: (path: string) => string): string {
  const files: Record<string, { hash: string; tasks: unknown[] }> = {};
  for (const { file, ...task } of tasks) {
    files[file] ??= { hash: hashOf(file), tasks: [] };
    files[file].tasks.push(task);
  }
  const sorted = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ version: manifestVersion, files: Object.fromEntries(sorted) }, null, 2)}\n`;
}

/** The text of the project's manifest, `null` if there is none. */
export function readManifest(root: string): string | null {
  return textOf(join(root, manifestPath));
}

function sealOf(body: string): string {
  return Bun.hash.wyhash(body, seed).toString(36);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Several workers may do this at once, and each reads the old text or a new one, but never a part of it. */
function replace(path: string, text: string): void {
  if (textOf(path) === text) return;
  const written = `${path}.${Bun.randomUUIDv7()}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const ignore = join(dirname(path), ".gitignore");
    if (!existsSync(ignore)) writeFileSync(ignore, `*\n!${basename(manifestPath)}\n`);
    writeFileSync(written, text);
    renameSync(written, path);
  } catch {
    // The next discovery has more to read, and that is all.
    if (existsSync(written)) rmSync(written);
  }
}
