import manifest from "./package.json";

/** As `bench/contest.ts` takes them; to be imported when `installPeers` has run. */
export const peerFiles = [
  "compare/bullmq.ts",
  "compare/bunqueue.ts",
  "compare/plainjob.ts",
  "compare/graphile-worker.ts",
  "compare/pg-boss.ts",
] as const;

/** Of each of their packages. */
export const peerVersions: Record<string, string> = manifest.dependencies;

/** Installs their packages in this folder, which the project itself does without. Quick when they are there. */
export function installPeers(): void {
  const install = [process.execPath, "install", "--frozen-lockfile"];
  const { success, stdout, stderr } = Bun.spawnSync(install, { cwd: import.meta.dir });
  if (success) return;
  throw new Error(
    `What Nuvom is compared with could not be installed in ${import.meta.dir}:\n${stdout}${stderr}`,
  );
}
