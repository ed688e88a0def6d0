import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "./support/folder.ts";
import { collect, nuvom } from "./support/programs.ts";
import { until } from "./support/until.ts";

const examples = join(import.meta.dir, "../examples");

describe("examples/quickstart", () => {
  test("renders the documentation of bun-types and shows what ran", async () => {
    using folder = temporaryFolder();
    const documentation = join(dirname(Bun.resolveSync("bun-types/package.json", import.meta.dir)), "docs");
    const pages = [...new Bun.Glob("**/*.{md,mdx}").scanSync(documentation)];
    expect(pages.length).toBeGreaterThan(250);

    const program = Bun.spawn([process.execPath, join(examples, "quickstart/main.ts"), folder.path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const output = await program.stdout.text();
    expect(await program.exited).toBe(0);
    expect(output).toContain(`Rendering ${pages.length} pages of ${documentation}\n`);
    expect(output).toContain(`\n${pages.length}/${pages.length}\n`);
    expect(output).toContain(`\nannounced: ${pages.length} pages (it failed twice on purpose)\n`);
    expect(output).toMatch(/^TASK +SUCCEEDED +RETRIED +FAILED +MEAN TIME$/m);
    expect(output).toMatch(new RegExp(`^page\\.render +${pages.length} +0 +0 +[\\d.]+ ms$`, "m"));
    expect(output).toMatch(/^site\.announce +1 +2 +0 +[\d.]+ ms$/m);
    expect(output).toMatch(/^site\.index +1 +0 +0 +[\d.]+ ms$/m);

    const htmlFiles = pages.map((page) => folder.file(page.replace(/\.mdx?$/, ".html")));
    expect(htmlFiles.filter((file) => !existsSync(file))).toEqual([]);
    const search: { path: string }[] = await Bun.file(folder.file("search.json")).json();
    expect(search).toHaveLength(pages.length);
    const start = readFileSync(folder.file("index.html"), "utf8");
    for (const { path } of search) expect(start).toContain(`<a href="${path}">`);

    const storage = /^ {2}bun cli\/main\.ts jobs --storage (\S+)$/m.exec(output)![1]!;
    const { stdout } = await nuvom(["status", "--storage", storage, "--json"]);
    expect(JSON.parse(stdout).queues).toMatchObject([
      { pending: 0, running: 0, succeeded: pages.length + 2 },
    ]);
  }, 60_000);
});

test("the tests of examples/server pass", async () => {
  const child = Bun.spawn([process.execPath, "test"], {
    cwd: join(examples, "server"),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [output] = await Promise.all([child.stderr.text(), child.exited]);
  expect(output).toMatch(/\n 2 pass\n 0 fail\n/);
}, 30_000);

describe("examples/server", () => {
  /** Starts it as its reader would, on a free port and with a file of its own. */
  async function startServer() {
    const folder = temporaryFolder();
    const program = Bun.spawn([process.execPath, join(examples, "server/app.ts")], {
      env: { ...process.env, PORT: "0", NUVOM_STORAGE: `sqlite:${folder.file("jobs.db")}` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const output = collect(program.stdout);
    await until(async () => output.text.includes("curl"));
    const url = /^listening on (\S+)$/m.exec(output.text)![1]!;
    return {
      get: (path: string) => fetch(new URL(path, url)),
      post: (path: string, body: string) => fetch(new URL(path, url), { method: "POST", body }),
      async stop() {
        program.kill("SIGTERM");
        return program.exited;
      },
      async [Symbol.asyncDispose]() {
        program.kill("SIGKILL");
        await program.exited;
        folder[Symbol.dispose]();
      },
    };
  }

  test("takes texts in, gives results out, and stops", async () => {
    await using server = await startServer();
    const accepted = await server.post("/texts", "Otto");
    expect(accepted.status).toBe(202);
    const { job } = (await accepted.json()) as { job: string };
    expect(accepted.headers.get("Location")).toBe(`/jobs/${job}`);
    const done = await server.get(`/jobs/${job}`);
    expect(done.status).toBe(200);
    expect(await done.json()).toEqual({ length: 4, letters: { o: 2, t: 2 } });
    expect(await server.stop()).toBe(0);
  });

  test("answers what it cannot do with 400 and 404", async () => {
    await using server = await startServer();
    const tooLong = await server.post("/texts", "x".repeat(100_001));
    expect(tooLong.status).toBe(400);
    expect(await tooLong.json()).toEqual({ error: expect.stringContaining("input.text: Too big") });
    const unknown = await server.get("/jobs/nobody");
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toEqual({ error: expect.stringContaining("there is no job nobody") });
  });
});
