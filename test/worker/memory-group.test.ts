import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { memoryGroup } from "../../src/worker/memory-group.ts";
import { temporaryFolder } from "../support/folder.ts";

/** A system that shows its groups in a folder, in which this program is where it says. */
function system(own: string, groups: string[], lent: Record<string, string> = {}) {
  const folder = temporaryFolder();
  writeFileSync(folder.file("own"), own);
  for (const group of groups) mkdirSync(folder.file(group), { recursive: true });
  for (const [file, text] of Object.entries(lent)) writeFileSync(folder.file(file), text);
  return {
    enter: (pid: number, bytes: number) => memoryGroup(pid, bytes, folder.path, folder.file("own")),
    read: (file: string) => readFileSync(folder.file(file), "utf8"),
    write: (file: string, text: string) => writeFileSync(folder.file(file), text),
    has: (file: string) => existsSync(folder.file(file)),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

describe("a process gets a memory group of its own", () => {
  test("within that of the worker, in the first version of groups", () => {
    using linux = system("5:cpu,cpuacct:/\n4:memory:/app:1\n0::/\n", ["memory/app:1"]);
    const group = linux.enter(77, 1_000);
    expect(linux.read("memory/app:1/nuvom-77/memory.limit_in_bytes")).toBe("1000");
    expect(linux.read("memory/app:1/nuvom-77/cgroup.procs")).toBe("77");
    linux.write("memory/app:1/nuvom-77/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
    expect(group!.end()).toBe(true);
  });

  test("beside that of the worker, in the second version, where memory is lent to it", () => {
    const lent = { "app/cgroup.subtree_control": "cpu memory\n" };
    using linux = system("0::/app/worker\n", ["app/worker"], lent);
    const group = linux.enter(77, 1_000);
    expect(linux.read("app/nuvom-77/memory.max")).toBe("1000");
    expect(linux.read("app/nuvom-77/cgroup.procs")).toBe("77");
    linux.write("app/nuvom-77/memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 0\noom_group_kill 0\n");
    expect(group!.end()).toBe(false);
  });

  test("after those are removed whose process is gone and whose worker could not do it", () => {
    using linux = system("4:memory:/\n", [
      "memory/nuvom-999999999",
      `memory/nuvom-${process.pid}`,
      "memory/x",
    ]);
    linux.enter(77, 1_000);
    expect(linux.has("memory/nuvom-999999999")).toBe(false);
    expect(linux.has(`memory/nuvom-${process.pid}`)).toBe(true);
    expect(linux.has("memory/x")).toBe(true);
  });
});

describe("a process gets none", () => {
  test("where no memory is lent", () => {
    using linux = system("0::/app\n", ["app"], { "cgroup.subtree_control": "cpu io\n" });
    expect(linux.enter(77, 1_000)).toBeNull();
  });

  test("where the system has no groups", () => {
    expect(memoryGroup(77, 1_000, "/nowhere", "/nowhere/own")).toBeNull();
  });
});
