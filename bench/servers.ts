import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPostgresql } from "../scripts/setup.ts";
import { endWithThisProcess, freePort } from "../test/support/redis.ts";

/** PostgreSQL refuses to run as root; this user comes with its package. */
const serverUser = "postgres";
const superuser = "bench";
/** The data need not be in order then; but unlike after a KILL, the operating system gets its shared memory back. */
const quickly = "QUIT";

/**
 * Starts a PostgreSQL of its own on a free port, with the settings it comes with. It ends with this process at the latest.
 */
export async function startPostgresql() {
  const programs = findPostgresql();
  if (!programs) throw new Error("There is no PostgreSQL on this machine: `bun run bench` installs it.");
  const folder = mkdtempSync(join(tmpdir(), "nuvom-postgresql-"));
  const data = join(folder, "data");
  const password = crypto.randomUUID();
  await Bun.write(join(folder, "password"), password);
  if (asRoot()) giveToServerUser([folder, join(folder, "password")]);
  const init = [programs.initdb, "-D", data, "-U", superuser, "--pwfile", join(folder, "password")];
  await run([...init, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"]);
  rmSync(join(folder, "password"));
  const port = freePort();
  const options = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="];
  const server = Bun.spawn(unprivileged([programs.postgres, "-D", data, "-p", `${port}`, ...options]), {
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe"],
  });
  endWithThisProcess(server, folder, { signal: quickly });
  await untilReady(server.stderr);
  const urlOf = (database: string) => `postgresql://${superuser}:${password}@127.0.0.1:${port}/${database}`;
  let databases = 0;
  const ask = async (statement: string) => {
    await using sql = new Bun.SQL(urlOf("postgres"), { max: 1 });
    await sql.unsafe(statement);
  };
  return {
    /** An empty database, which is dropped when its scope ends. */
    async createDatabase() {
      const name = `bench_${++databases}`;
      await ask(`CREATE DATABASE ${name}`);
      return {
        /** With the password of a superuser. */
        url: urlOf(name),
        [Symbol.asyncDispose]: () => ask(`DROP DATABASE ${name} WITH (FORCE)`),
      };
    },
    /** Ends the server and deletes its data. */
    stop,
    [Symbol.asyncDispose]: stop,
  };

  async function stop() {
    server.kill(`SIG${quickly}`);
    await server.exited;
    rmSync(folder, { recursive: true, force: true });
  }
}

function asRoot(): boolean {
  return process.getuid?.() === 0;
}

function unprivileged(command: string[]): string[] {
  return asRoot()
    ? ["setpriv", `--reuid=${serverUser}`, `--regid=${serverUser}`, "--clear-groups", ...command]
    : command;
}

function giveToServerUser(paths: string[]) {
  const { success, stdout } = Bun.spawnSync(["id", "-u", serverUser]);
  if (!success) throw new Error(`PostgreSQL refuses to run as root, and there is no user ${serverUser}.`);
  const user = Number(`${stdout}`);
  for (const path of paths) chownSync(path, user, -1);
}

async function run(command: string[]) {
  const { success, stdout, stderr } = Bun.spawnSync(unprivileged(command), { cwd: "/" });
  if (!success) throw new Error(`\`${command.join(" ")}\` failed:\n${stdout}${stderr}`);
}

async function untilReady(log: ReadableStream<Uint8Array>) {
  const reader = log.getReader();
  let text = "";
  while (!text.includes("database system is ready to accept connections")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`PostgreSQL did not start:\n${text}`);
    text += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  // Nobody reads on, but a full pipe would stop the server.
  log.pipeTo(new WritableStream());
}
