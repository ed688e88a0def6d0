import { onTestFinished } from "bun:test";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { temporaryFolder } from "../support/folder.ts";

/**
 * A small disk of the test's own, gone when the test has ended in whatever way, by its time limit too. Mounting it takes
 * root, or `sudo` without a password; a test on a machine that allows neither fails and says so.
 */
export function smallDisk(megabytes: number, kind: "tmpfs" | "ext4" = "tmpfs") {
  const folder = temporaryFolder();
  const image = `${folder.path}.img`;
  onTestFinished(() => {
    // Lazily: a program that failed to end may still have a file open.
    if (mounted) privileged("umount", "-l", folder.path);
    folder[Symbol.dispose]();
    rmSync(image, { force: true });
  });
  let mounted = false;
  function mount() {
    if (kind === "tmpfs") {
      privileged("mount", "-t", "tmpfs", "-o", `size=${megabytes}m,mode=777`, "tmpfs", folder.path);
    } else {
      run("truncate", "-s", `${megabytes}m`, image);
      run("mkfs.ext4", "-q", "-F", image);
      privileged("mount", "-o", "loop", image, folder.path);
      privileged("chmod", "777", folder.path);
    }
    mounted = true;
  }
  mount();
  const ballast = folder.file("ballast");
  return {
    file: folder.file,
    /** Leaves no byte free. */
    fill() {
      const file = openSync(ballast, "w");
      try {
        for (;;) writeSync(file, new Uint8Array(4_096));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast),
    remount: (mode: "ro" | "rw") => privileged("mount", "-o", `remount,${mode}`, folder.path),
    /** Puts an empty one in its place, as where a volume is mounted anew under a program that uses it. */
    exchange() {
      privileged("umount", "-l", folder.path);
      mount();
    },
    /** On ext4, writes are refused even to those who have the file open; a remount would have to wait for them to end. */
    refuseWritesTo: (name: string) => privileged("chattr", "+i", folder.file(name)),
    allowWritesTo: (name: string) => privileged("chattr", "-i", folder.file(name)),
  };
}

function privileged(...command: string[]): void {
  run(...(process.getuid?.() === 0 ? [] : ["sudo", "-n"]), ...command);
}

function run(...command: string[]): void {
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  const { exitCode, stderr } = Bun.spawnSync(command, { env: { ...process.env, PATH: path } });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
}
