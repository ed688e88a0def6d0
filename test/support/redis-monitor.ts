import type { Socket } from "bun";
import { until } from "./until.ts";

export interface Command {
  /** Whether a script called it. */
  inScript: boolean;
  name: string;
  values: string[];
}

/** What Redis is told while `work` runs, by its own account. */
export async function commandsDuring(
  server: { port: number; url: string },
  work: () => Promise<unknown>,
): Promise<Command[]> {
  const client = new Bun.RedisClient(server.url);
  await client.connect();
  let text = "";
  const decoder = new TextDecoder();
  const data = (_: Socket, chunk: Uint8Array) => {
    text += decoder.decode(chunk, { stream: true });
  };
  const monitor = await Bun.connect({ hostname: "127.0.0.1", port: server.port, socket: { data } });
  monitor.write("MONITOR\r\n");
  await until(async () => text.includes("+OK"));
  await work();
  await client.send("ECHO", ["the end"]);
  client.close();
  await until(async () => text.includes("the end"));
  monitor.end();
  return text.split("\r\n").flatMap((line) => {
    const [, place, rest] = /^\+\S+ \[\d+ (\S+)\] (.*)$/s.exec(line) ?? [];
    if (!rest || rest.includes("the end")) return [];
    const [name, ...values] = [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, value]) => value!);
    return [{ inScript: place === "lua", name: name!.toUpperCase(), values }];
  });
}
