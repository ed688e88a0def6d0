import type { Socket } from "bun";

/**
 * A proxy in front of a port. `request` sees what clients send and `answer` what comes back; either may return false
 * to cut that connection instead of passing the data on.
 */
export function startProxy(
  port: number,
  watch: { request?(text: string): boolean; answer?(text: string): boolean },
) {
  interface Pair {
    other: Socket<Pair> | null;
    early: Uint8Array[];
  }
  const pass = (socket: Socket<Pair>, data: Uint8Array, mayPass?: (text: string) => boolean) => {
    if (mayPass && !mayPass(Buffer.from(data).toString("latin1"))) {
      socket.end();
      socket.data.other?.end();
    } else if (socket.data.other) socket.data.other.write(data);
    else socket.data.early.push(data);
  };
  const listener = Bun.listen<Pair>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(client) {
        client.data = { other: null, early: [] };
        void Bun.connect<Pair>({
          hostname: "127.0.0.1",
          port,
          data: { other: client, early: [] },
          socket: {
            open(server) {
              client.data.other = server;
              for (const data of client.data.early) server.write(data);
            },
            data: (server, data) => pass(server, data, watch.answer),
            close: (server) => void server.data.other?.end(),
          },
        });
      },
      data: (client, data) => pass(client, Uint8Array.from(data), watch.request),
      close: (client) => void client.data.other?.end(),
    },
  });
  return {
    url: `redis://127.0.0.1:${listener.port}`,
    [Symbol.dispose]: () => listener.stop(true),
  };
}
