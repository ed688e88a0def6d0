import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endWithThisProcess, freePort } from "./redis.ts";
import { until } from "./until.ts";

/** A sample of an instant vector. */
export interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** Starts a Prometheus of its own on a free port, which scrapes this address as the job `nuvom`. */
export async function startPrometheus(target: string, interval = "250ms") {
  const folder = mkdtempSync(join(tmpdir(), "nuvom-prometheus-"));
  const config = join(folder, "prometheus.yml");
  const address = `127.0.0.1:${freePort()}`;
  const job = { job_name: "nuvom", scrape_interval: interval, static_configs: [{ targets: [target] }] };
  await Bun.write(config, JSON.stringify({ scrape_configs: [{ ...job, scrape_timeout: interval }] }));
  const server = Bun.spawn(
    [
      "prometheus",
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${address}`,
      "--log.level=error",
    ],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  endWithThisProcess(server, folder);

  const ask = async (path: string, parameters: Record<string, string> = {}) => {
    const response = await fetch(`http://${address}/${path}?${new URLSearchParams(parameters)}`);
    return { ok: response.ok, text: await response.text() };
  };
  await until(async () => (await ask("-/ready").catch(() => ({ ok: false }))).ok, 20_000);
  return {
    /** What an expression is at this moment. @throws Error with what Prometheus has against it. */
    async query(expression: string): Promise<Sample[]> {
      const { ok, text } = await ask("api/v1/query", { query: expression });
      if (!ok) throw new Error(`${expression}: ${text}`);
      const { data } = JSON.parse(text) as {
        data: { result: { metric: object; value: [number, string] }[] };
      };
      return data.result.map(({ metric, value }) => ({ labels: { ...metric }, value: Number(value[1]) }));
    },
    async [Symbol.asyncDispose]() {
      server.kill("SIGKILL");
      await server.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs `promtool`, with this text on its standard input, and returns all that it said. */
export async function promtool(args: string[], stdin = ""): Promise<{ output: string; exitCode: number }> {
  const program = Bun.spawn(["promtool", ...args], {
    stdin: new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, errors] = await Promise.all([program.stdout.text(), program.stderr.text()]);
  return { output: out + errors, exitCode: await program.exited };
}
