import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { findRedisServer } from "../../scripts/setup.ts";

export interface RedisOptions {
  /** More of the server's own arguments, such as `["--appendonly", "yes"]`. */
  args?: readonly string[];
  /** The path of a PEM file with a certificate and its key; the server then speaks TLS only. */
  tls?: string;
}

/** Starts a Redis of its own on a free port, empty, in memory only. It ends with this process at the latest. */
export async function startRedis(options: RedisOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), "nuvom-redis-"));
  let port = freePort();
  let running = await launch(folder, port, options).catch((error: Error) => {
    if (!error.message.includes("Address already in use")) throw error;
    port = freePort();
    return launch(folder, port, options);
  });
  const server = {
    url: `${options.tls ? "rediss" : "redis"}://127.0.0.1:${port}`,
    port,
    /** The operating system's id of the process that runs now. */
    pid: running.pid,
    /** As if the machine crashed: no goodbye, nothing saved that was not saved already. */
    async kill() {
      running.kill("SIGKILL");
      await running.exited;
    },
    /** Kills the server and starts it again on the same port and folder. */
    async restart() {
      await server.kill();
      running = await launch(folder, port, options);
      server.pid = running.pid;
    },
    /** Ends the server and deletes its data. */
    async stop() {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
  return server;
}

async function launch(folder: string, port: number, { args = [], tls }: RedisOptions) {
  const program = findRedisServer();
  if (!program) throw new Error("There is no redis-server on the PATH: run `bun scripts/setup.ts --tests`.");
  const secure = { "tls-port": port, "tls-cert-file": tls, "tls-key-file": tls, "tls-auth-clients": "no" };
  const config = { bind: "127.0.0.1", dir: folder, save: "", ...(tls ? { port: 0, ...secure } : { port }) };
  const fixed = Object.entries(config).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const server = Bun.spawn([program, ...fixed, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  endWithThisProcess(server, folder);
  await untilReady(server.stdout);
  return server;
}

interface Ending {
  /** By which the process ends. */
  signal?: string;
  /** Whether it leads a group of processes that end with it. */
  group?: boolean;
}

/** However this process ends, the other one does, and its folder is gone. */
export function endWithThisProcess(
  child: Subprocess,
  folder: string,
  { signal = "KILL", group = false }: Ending = {},
): void {
  // The pipe closes when this process ends; what ends it, such as Ctrl-C, must not end the watch before.
  const watch = 'trap "" INT HUP TERM; read -r _; kill -s "$2" -- "$0"; rm -rf "$1"';
  const target = `${group ? "-" : ""}${child.pid}`;
  const watcher = Bun.spawn(["sh", "-c", watch, target, folder, signal], { stdin: "pipe" });
  child.exited.then(() => watcher.kill("SIGKILL"));
}

async function untilReady(log: ReadableStream<Uint8Array>) {
  const reader = log.getReader();
  let text = "";
  while (!text.includes("Ready to accept connections")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`redis-server did not start:\n${text}`);
    text += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  // Nobody reads on, but a full pipe would stop the server.
  log.pipeTo(new WritableStream());
}

/** One that nobody listens on. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  listener.stop(true);
  return listener.port;
}
