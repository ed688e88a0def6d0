import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { reference } from "../../scripts/reference.ts";
import { blocksOf } from "./blocks.ts";
import { follow } from "./reader.ts";

const root = join(import.meta.dir, "../..");
const guides = ["README.md", ...new Bun.Glob("docs/*.md").scanSync(root)].filter(
  (name) => name !== "docs/reference.md",
);
const documents = [...guides, "docs/reference.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];
const textOf = (name: string) => Bun.file(join(root, name)).text();

test("the reference is that of the code: else run `bun scripts/reference.ts`", async () => {
  expect(await textOf("docs/reference.md")).toBe(await reference());
});

describe("can be followed as it stands:", () => {
  test.each(guides.sort())(
    "%s",
    async (name) => {
      await follow(blocksOf(await textOf(name), name));
    },
    120_000,
  );
});

test("the commands of the README that .ci/run follows are those in it", async () => {
  const blocks = blocksOf(await textOf("README.md"), "README.md");
  const { text = "" } = blocks.find(({ note }) => note === "not run: .ci/run does") ?? {};
  const commands = text.trim().replaceAll(/ *#.*/g, "").split("\n");
  const followed = (await textOf(".ci/run")).matchAll(/npx .*?(?= <\/dev\/null)/g);
  expect(commands).toEqual(Array.from(followed, ([command]) => command));
});

test.each(documents)("each link of %s leads somewhere", async (name) => {
  const text = await textOf(name);
  for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? name : join(dirname(name), path);
    expect([target, existsSync(join(root, file))]).toEqual([target, true]);
    if (anchor) expect(anchorsOf(await textOf(file))).toContain(anchor);
  }
});

/** As GitHub makes them. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
