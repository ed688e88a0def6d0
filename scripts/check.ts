/**
 * Checks everything, each step even if one before it failed: types, lint, tests. The last line counts what passed and
 * failed: every test, and the type check and the lint as one each.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Count {
  passed: number;
  failed: number;
}

async function checkScript(name: string): Promise<Count> {
  const code = await Bun.spawn([process.execPath, "run", name], { stdio: ["ignore", "inherit", "inherit"] })
    .exited;
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Their tests mostly wait: for a lease to end, for a server to come back. */
const waitingFiles = /^test\/(faults|end-to-end)\//;

/** Each file in a process of its own, which takes less of the machine than Bun's own way to run several at once. */
async function runTests(): Promise<Count> {
  const files = [...new Bun.Glob("test/**/*.test.ts").scanSync()].sort();
  const { waiting = [], busy = [] } = Object.groupBy(files, (file) =>
    waitingFiles.test(file) ? "waiting" : "busy",
  );
  const total = { passed: 0, failed: 0 };
  async function runAll(next: () => string | undefined): Promise<void> {
    for (let file = next(); file !== undefined; file = next()) {
      const { passed, failed } = await runFile(file);
      total.passed += passed;
      total.failed += failed;
    }
  }
  // Two that are busy, as there are two cores, beside one that waits as long as there is one.
  const busyFirst = () => busy.shift() ?? waiting.shift();
  const waitingFirst = () => waiting.shift() ?? busy.shift();
  await Promise.all([runAll(busyFirst), runAll(busyFirst), runAll(waitingFirst)]);
  return total;
}

/** Says a line of a file whose tests all pass, and all that it has printed of another. */
async function runFile(file: string): Promise<Count> {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "nuvom-check-"));
  // No pipe, which a process that a test has left behind could hold open for ever.
  const log = openSync(join(folder, "log"), "w");
  const child = Bun.spawn([process.execPath, "test", "--timeout=30000", `./${file}`], {
    stdio: ["ignore", log, log],
    env: process.stderr.isTTY ? { ...process.env, FORCE_COLOR: "1" } : process.env,
  });
  const code = await child.exited;
  closeSync(log);
  const output = readFileSync(join(folder, "log"), "utf8");
  rmSync(folder, { recursive: true });
  const count = countTests(Bun.stripANSI(output), code);
  if (count.failed > 0)
    console.log(`${output}\n${file} ended with ${child.signalCode ?? `exit code ${code}`}`);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${file}: ${count.passed} passed, ${count.failed} failed [${seconds} s]`);
  return count;
}

/** Reads the summary that ends the output. Where it is missing, Bun crashed or a test ended the process. */
function countTests(output: string, code: number): Count {
  const summary = /(?:^|\n) *(\d+) pass\n(?: *\d+ .*\n)*Ran \d+ tests? across .*\s*$/.exec(output);
  const passed = Number(summary?.[1] ?? 0);
  const failed = Number(/^ *(\d+) fail$/m.exec(summary?.[0] ?? "")?.[1] ?? 0);
  return { passed, failed: summary && code === 0 ? failed : Math.max(failed, 1) };
}

const counts = [await checkScript("typecheck"), await checkScript("lint"), await runTests()];
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
