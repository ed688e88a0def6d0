import { expect, test } from "bun:test";
import { chmodSync, mkdirSync } from "node:fs";
import { type RedisAddress, redisAddress } from "../../src/storage/redis/address.ts";
import { whyNoConnection } from "../../src/storage/redis/diagnosis.ts";
import { certificates } from "../support/certificate.ts";
import { temporaryFolder } from "../support/folder.ts";
import { startRedis } from "../support/redis.ts";

async function connect({ clientUrl, tls, timeout, database }: RedisAddress) {
  const client = new Bun.RedisClient(clientUrl, { tls, autoReconnect: false, connectionTimeout: timeout });
  await client.connect();
  if (database > 0) await client.send("SELECT", [`${database}`]).finally(() => client.close());
}

/** Expects that a client cannot connect, and that we can say why. */
async function expectReason(url: string, kind: "passing" | "mistake", reason: string) {
  const address = redisAddress(url);
  await expect(connect(address)).rejects.toThrow();
  expect(await whyNoConnection(address)).toEqual({
    problem: expect.stringContaining(reason),
    passing: kind === "passing",
  });
}

/** A server that says the same to everybody; an empty answer is silence, `null` is to hang up. */
function listener(answer: string | null) {
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => void (answer === null && socket.end()),
      data: (socket) => void (answer !== null && socket.write(answer)),
    },
  });
  return { url: `redis://127.0.0.1:${server.port}`, [Symbol.dispose]: () => server.stop(true) };
}

test("nothing listens at the port", async () => {
  const { url, [Symbol.dispose]: stop } = listener("");
  stop();
  await expectReason(url, "passing", "nothing listens there");
  await expectReason(url.replace("redis", "rediss"), "passing", "nothing listens there");
});

test("the host is not known", async () => {
  await expectReason("redis://nowhere.invalid", "passing", "the name of the host is not known");
});

test("there is no socket, or nobody listens on it", async () => {
  using folder = temporaryFolder();
  const socket = folder.file("redis.sock");
  await expectReason(`redis+unix://${socket}`, "passing", "there is no such socket");
  const redis = await startRedis({ args: ["--unixsocket", socket] });
  await redis.stop();
  await expectReason(`redis+unix://${socket}`, "passing", "nothing listens there");
  await expectReason(`redis+unix://${folder.file("x".repeat(150))}`, "mistake", "too long");
});

test("the socket may not be opened", async () => {
  using folder = temporaryFolder();
  mkdirSync(folder.file("closed"));
  chmodSync(folder.file("closed"), 0);
  const url = `redis+unix://${folder.file("closed")}/redis.sock`;
  const source = `
    import { type RedisAddress, redisAddress } from ${JSON.stringify(Bun.resolveSync("../../src/storage/redis/address.ts", import.meta.dir))};
    import { whyNoConnection } from ${JSON.stringify(Bun.resolveSync("../../src/storage/redis/diagnosis.ts", import.meta.dir))};
    // The root user may open everything.
    if (process.getuid() === 0) process.seteuid(65534);
    console.log(JSON.stringify(await whyNoConnection(redisAddress(${JSON.stringify(url)}))));`;
  const { stdout } = Bun.spawnSync([process.execPath, "--eval", source]);
  chmodSync(folder.file("closed"), 0o700);
  expect(JSON.parse(stdout.toString())).toEqual({
    problem: expect.stringContaining("this user may not open the socket"),
    passing: false,
  });
});

test("the server is silent, or hangs up", async () => {
  using silent = listener("");
  await expectReason(`${silent.url}?timeout=100ms`, "passing", "no answer within 100ms");
  await expectReason(
    `${silent.url.replace("redis", "rediss")}?timeout=100ms`,
    "passing",
    "no answer within 100ms",
  );
  using hangingUp = listener(null);
  await expectReason(hangingUp.url, "passing", "closes the connection without an answer");
});

test("something else than a Redis answers", async () => {
  const web = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  for (const scheme of ["redis", "rediss"]) {
    const url = `${scheme}://127.0.0.1:${web.port}`;
    await expectReason(url, "mistake", 'this is not a Redis, it answers "HTTP/1.1 400 Bad Request"');
  }
  await web.stop(true);
  using binary = listener("\x00\x1b[31mred\nmore");
  await expectReason(binary.url, "mistake", 'it answers "..[31mred":');
});

test("the password is missing, or wrong", async () => {
  await using redis = await startRedis({
    args: ["--requirepass", "right", "--user", "alice", "on", ">hers", "+ping"],
  });
  const login = (text: string) => redis.url.replace("//", `//${text}@`);
  await expectReason(redis.url, "mistake", "a password is needed");
  await expectReason(login(":wrong"), "mistake", "the password is wrong");
  await expectReason(login("alice:wrong"), "mistake", 'the user "alice" does not exist, is disabled, or has');
  await expectReason(login("bob:hers"), "mistake", 'the user "bob" does not exist');
  await expectReason(`${login("alice:hers")}/3`, "mistake", "the user lacks permissions");
});

test("there is no such database", async () => {
  await using redis = await startRedis();
  await expectReason(`${redis.url}/99`, "mistake", "there is no database 99");
});

test("there are too many clients", async () => {
  await using redis = await startRedis({ args: ["--maxclients", "1"] });
  const first = new Bun.RedisClient(redis.url);
  await first.connect();
  await expectReason(redis.url, "passing", "too many clients");
  first.close();
});

test("only one side uses TLS", async () => {
  await using secured = await startRedis({ tls: certificates.localhost });
  await expectReason(secured.url.replace("rediss", "redis"), "mistake", "the server expects TLS");
  await using plain = await startRedis({ args: ["--requirepass", "secret"] });
  const url = plain.url.replace("redis://", "rediss://:secret@");
  await expectReason(`${url}?timeout=500ms`, "mistake", "the server does not use TLS");
});

test("a password meant for TLS is never sent without", async () => {
  let received = "";
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data: (_, bytes) => {
        received += bytes.toString("latin1");
      },
    },
  });
  await whyNoConnection(redisAddress(`rediss://:hunter2@127.0.0.1:${server.port}?timeout=500ms`));
  server.stop(true);
  expect(received).toContain("PING");
  expect(received).not.toContain("hunter2");
});

test("the certificate is not trusted, for another host, or expired", async () => {
  const withCa = (url: string, path: string) => `${url}?ca=${path}`;
  await using redis = await startRedis({ tls: certificates.localhost });
  await expectReason(redis.url, "mistake", "?ca=/path/ca.pem, or in NODE_EXTRA_CA_CERTS");
  await expectReason(
    withCa(redis.url, certificates.otherHost),
    "mistake",
    "not signed by the authority that `ca` names",
  );
  await using other = await startRedis({ tls: certificates.otherHost });
  await expectReason(withCa(other.url, certificates.otherHost), "mistake", "is for another host");
  await using expired = await startRedis({ tls: certificates.expired });
  await expectReason(withCa(expired.url, certificates.expired), "mistake", "has expired");
});

test("the server wants a certificate of its clients", async () => {
  const args = ["--tls-auth-clients", "yes", "--tls-ca-cert-file", certificates.localhost];
  await using redis = await startRedis({ tls: certificates.localhost, args });
  await expectReason(`${redis.url}?ca=${certificates.localhost}`, "mistake", "set `tls-auth-clients no`");
});

test.each([
  ["LOADING Redis is loading the dataset in memory", "passing", "still loading its data"],
  ["DENIED Redis is running in protected mode because", "mistake", "in protected mode"],
  ["ERR unknown command `HELLO`, with args beginning with: `3`,", "mistake", "too old"],
  ["ERR it is raining", "passing", 'the server answers "ERR it is raining"'],
] as const)("the server answers -%s", async (answer, kind, reason) => {
  using server = listener(`-${answer}\r\n`);
  await expectReason(server.url, kind, reason);
});

test("no reason holds the password, even if the server sends it back", async () => {
  using server = listener("-ERR what is hunter2?\r\n");
  await expectReason(server.url.replace("//", "//:hunter2@"), "passing", '"ERR what is ***?"');
});

test("a server that is well again is no reason to give up, and a needless password none at all", async () => {
  await using redis = await startRedis();
  const { problem, passing } = await whyNoConnection(redisAddress(redis.url.replace("//", "//:needless@")));
  expect(problem).toContain("the server answers again");
  expect(passing).toBe(true);
});
