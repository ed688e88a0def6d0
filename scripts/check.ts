/**
 * Checks everything, each step even if one before it failed: types, lint, tests. The last line counts what passed and
 * failed: every test, and the type check and the lint as one each.
 */
export {};

interface Count {
  passed: number;
  failed: number;
}

async function checkScript(name: string): Promise<Count> {
  const code = await Bun.spawn([process.execPath, "run", name], { stdio: ["ignore", "inherit", "inherit"] })
    .exited;
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function runTests(): Promise<Count> {
  const child = Bun.spawn([process.execPath, "test", "--parallel=3", "--timeout=30000"], {
    stdio: ["ignore", "inherit", "pipe"],
    env: process.stderr.isTTY ? { ...process.env, FORCE_COLOR: "1" } : process.env,
  });
  let output = "";
  const copied = copy(child.stderr, (text) => {
    output += text;
  });
  const code = await child.exited;
  // A process that a test has left behind may hold the pipe open for ever.
  await Promise.race([copied, Bun.sleep(1000)]);
  return countTests(Bun.stripANSI(output), code);
}

async function copy(from: ReadableStream<Uint8Array>, also: (text: string) => void) {
  const decoder = new TextDecoder();
  for await (const chunk of from) {
    process.stderr.write(chunk);
    also(decoder.decode(chunk, { stream: true }));
  }
}

/**
 * Reads the summary that ends the output. Unlike Bun's JUnit report it counts files that could not be loaded; where it
 * is missing, Bun crashed or a test ended the process.
 */
function countTests(output: string, code: number | null): Count {
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
