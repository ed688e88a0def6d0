/**
 * Prepares a machine to run the project: `bun scripts/setup.ts [--tests]`. It runs before the dependencies are
 * there, so it imports built-ins only, and is quick and silent when nothing is missing.
 */
import { existsSync, readdirSync } from "node:fs";
import project from "../package.json";

const oldestRedis = 7;

/**
 * The path of a Redis or Valkey server that is recent enough, or `null` if there is none on the PATH.
 * @throws Error if there are only older ones.
 */
export function findRedisServer(): string | null {
  const paths = [Bun.which("redis-server"), Bun.which("valkey-server")].filter((path) => path !== null);
  const recent = paths.find((path) => redisVersion(path) >= oldestRedis);
  if (recent || paths.length === 0) return recent ?? null;
  throw new Error(
    `${paths.join(" and ")} is older than Nuvom needs: please upgrade to ${oldestRedis}.0 at least.`,
  );
}

function redisVersion(path: string): number {
  return Number(/\bv=(\d+)/.exec(run([path, "--version"]).output)?.[1] ?? 0);
}

/**
 * The paths of the programs of a PostgreSQL, or `null` if there is none. Debian and Homebrew keep them in folders that
 * are not on the PATH.
 */
export function findPostgresql(): { postgres: string; initdb: string } | null {
  const packaged = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"].flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((version) => `${folder}/${version}/bin`) : [],
  );
  const PATH = [process.env.PATH, ...packaged].join(":");
  const postgres = Bun.which("postgres", { PATH });
  const initdb = Bun.which("initdb", { PATH });
  return postgres && initdb ? { postgres, initdb } : null;
}

function checkVersion() {
  if (!Bun.semver.satisfies(Bun.version, project.engines.bun)) {
    throw new Error(`This is Bun ${Bun.version}; Nuvom needs ${project.engines.bun}: run \`bun upgrade\`.`);
  }
}

function installDependencies() {
  const { ok, output } = run([process.execPath, "install", "--frozen-lockfile"]);
  if (!ok) throw new Error(`\`bun install --frozen-lockfile\` failed:\n${output}`);
  const done = /^\d+ packages? installed/m.exec(output)?.[0];
  if (done) console.error(done);
}

/** Under `npx bun` the PATH has a Bun that is gone when npx ends. The user's next `bun test` needs one that stays. */
function installBun() {
  if (findInstalledBun()) return;
  console.error(`Installing Bun: npm install --global bun@${Bun.version}`);
  const { ok, output } = run(["npm", "install", "--global", `bun@${Bun.version}`]);
  if (!ok) {
    console.error(`That failed: ${/Error: (.*)/.exec(output)?.[1] ?? output}
This run goes on without. To have the command \`bun\`, install it as https://bun.com/docs/installation says.`);
  } else if (!findInstalledBun()) {
    console.error("It is not on your PATH yet: add the folder `bin` of what `npm prefix --global` prints.");
  }
}

function findInstalledBun(): string | null {
  const folders = (process.env.PATH ?? "").split(":").filter((folder) => !folder.includes("node_modules"));
  return Bun.which("bun", { PATH: folders.join(":") });
}

/** A program besides Bun: what it is, what finds it, and its packages. */
interface Tool {
  name: string;
  find(): unknown;
  apt: string;
  brew: string;
}

const redis: Tool = {
  name: `redis-server or valkey-server ${oldestRedis}.0`,
  find: findRedisServer,
  apt: "redis-server",
  brew: "redis",
};

const testTools: Tool[] = [
  redis,
  {
    name: "prometheus (with promtool) 2.42",
    find: () => Bun.which("prometheus") && Bun.which("promtool"),
    apt: "prometheus",
    brew: "prometheus",
  },
  { name: "curl", find: () => Bun.which("curl"), apt: "curl", brew: "curl" },
  { name: "zsh", find: () => Bun.which("zsh"), apt: "zsh", brew: "zsh" },
  { name: "fish", find: () => Bun.which("fish"), apt: "fish", brew: "fish" },
];

/** Some of the benches' peers keep their jobs there. */
const postgresql: Tool = {
  name: "postgres and initdb 15",
  find: findPostgresql,
  apt: "postgresql",
  brew: "postgresql@17",
};

/** @param peers whether Nuvom is compared with them. @throws Error if something cannot be installed. */
export function installBenchTools({ peers }: { peers: boolean }): void {
  installTools("benches", peers ? [redis, postgresql] : [redis]);
}

function installTools(user: "tests" | "benches", tools: Tool[]) {
  const missing = () => tools.filter(({ find }) => !find());
  if (missing().length === 0) return;
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  if (Bun.which("apt-get") && run([...sudo, "true"]).ok) {
    const packages = missing().map(({ apt }) => apt);
    install(packages, [...sudo, "sh", "-c", aptInstall, "sh", ...packages]);
  } else if (Bun.which("brew")) {
    const packages = missing().map(({ brew }) => brew);
    install(packages, ["brew", "install", ...packages]);
  }
  for (const { name, apt } of missing()) {
    throw new Error(`The ${user} need ${name} or newer on the PATH, and it could not be installed from here.
Please install it, on Debian with \`sudo apt-get install ${apt}\`.`);
  }
}

function install(packages: string[], command: string[]) {
  console.error(`Installing ${packages.join(", ")}`);
  const { ok, output } = run(command);
  if (!ok) console.error(output);
}

/**
 * Debian starts a server as soon as it is installed, and at every boot. Tests and benches start their own, so a policy
 * forbids the first (https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt), and the services are
 * disabled against the second.
 */
const aptInstall = `
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap "rm -f $policy" EXIT
  trap "exit 1" HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > $policy
  chmod 755 $policy
fi
install() { apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"; }
install "$@" || { apt-get update && install "$@"; }
for service in redis-server prometheus postgresql; do
  if [ -e /etc/init.d/$service ]; then update-rc.d $service disable; fi
done
`;

function run(command: string[]): { ok: boolean; output: string } {
  if (!Bun.which(command[0]!)) return { ok: false, output: `There is no \`${command[0]}\` on the PATH.` };
  const { success, stdout, stderr } = Bun.spawnSync(command, { stdio: ["ignore", "pipe", "pipe"] });
  return { ok: success, output: `${stdout}${stderr}`.trim() };
}

if (import.meta.main) {
  process.chdir(`${import.meta.dir}/..`);
  try {
    checkVersion();
    installDependencies();
    installBun();
    if (process.argv.includes("--tests")) installTools("tests", testTools);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}
