import { openStorage } from "nuvom";
import { testStorage } from "nuvom/testing";
import { openRemote } from "./client.ts";
import { serveStorage } from "./server.ts";

testStorage("remote", () => {
  // An empty storage for each law, without a name its own.
  const server = serveStorage(openStorage("memory:"), { port: 0, token: "secret" });
  return { open: () => openRemote(server.url, "secret"), cleanup: () => server.stop() };
});
