/** The program that has the storage: JOBS_TOKEN=secret bun remote/server.ts */
import { NuvomError, openStorage, type Storage } from "nuvom";
import { type Answer, decode, encode, type Method, mayRepeat } from "./wire.ts";

/** Lets every program that knows the token use the storage, by `openRemote`. */
export function serveStorage(storage: Storage, { port, token }: { port: number; token: string }) {
  const server = Bun.serve({
    port,
    idleTimeout: 0,
    maxRequestBodySize: 2 ** 30,
    async fetch(request, server) {
      if (!isAllowed(request, token)) return new Response("the token is wrong", { status: 401 });
      const name = new URL(request.url).pathname.slice(1);
      if (name === "wakes" && server.upgrade(request)) return;
      if (!Object.hasOwn(mayRepeat, name)) return new Response(`no method ${name}`, { status: 404 });
      return new Response(encode(await answer(storage, name as Method, decode(await request.text()))));
    },
    websocket: {
      open(socket) {
        socket.subscribe("wakes");
        // For what came before it was subscribed.
        socket.send("");
      },
      message() {},
    },
  });
  const stopListening = storage.onWake(null, () => server.publish("wakes", ""));
  return {
    url: server.url.origin,
    async stop() {
      stopListening();
      await server.stop(true);
    },
  };
}

async function answer(storage: Storage, method: Method, parameters: unknown[]): Promise<Answer> {
  try {
    return { value: await Reflect.apply(storage[method], storage, parameters) };
  } catch (error) {
    return { error: { code: error instanceof NuvomError ? error.code : "STORAGE", message: String(error) } };
  }
}

function isAllowed(request: Request, token: string): boolean {
  // Of hashes, which are equally long: how long a comparison takes must not tell how much of the token is right.
  const hash = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest();
  return crypto.timingSafeEqual(hash(request.headers.get("Authorization") ?? ""), hash(`Bearer ${token}`));
}

if (import.meta.main) {
  const { JOBS_TOKEN, PORT = "7070", STORAGE = "sqlite:jobs.db" } = process.env;
  if (!JOBS_TOKEN) throw new Error("Set JOBS_TOKEN: whoever knows it may use the storage.");
  const server = serveStorage(openStorage(STORAGE), { port: Number(PORT), token: JOBS_TOKEN });
  console.log(`${STORAGE}: listening on ${server.url}`);
}
