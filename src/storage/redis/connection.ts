import { formatDuration } from "../../duration.ts";
import { StorageError, StorageUnavailableError } from "../../errors.ts";
import type { RedisAddress } from "./address.ts";
import { assertUsable } from "./server.ts";

/** In milliseconds between attempts to connect. */
const firstPause = 20;
const longestPause = 250;

interface Problem {
  error: StorageError;
  /** When the connection was lost, or first wanted. */
  since: number;
}

/**
 * One connection that is made when it is first used, and made anew, however long that takes, when it is lost: Bun's
 * own client gives up after half a minute.
 */
export class Connection {
  #client: Bun.RedisClient | undefined;
  #problem: Problem | undefined;
  #connecting = false;
  #closed = false;
  #changed = Promise.withResolvers<void>();

  constructor(private readonly address: RedisAddress) {}

  /**
   * Runs commands. Waits for the connection, but no longer than the address' timeout, and not at all while Redis has
   * been away for longer than that.
   * @param options.repeatable whether to run them again where the connection was lost and they may have taken effect.
   * @param options.blocks for how long the commands themselves may wait, in milliseconds.
   * @throws StorageUnavailableError, StorageError
   */
  async use<T>(
    commands: (client: Bun.RedisClient) => Promise<T>,
    options: { repeatable: boolean; blocks?: number },
  ): Promise<T> {
    const deadline = performance.now() + this.address.timeout + (options.blocks ?? 0);
    for (;;) {
      const client = await this.#connected(deadline);
      try {
        return await this.#within(deadline, client, commands(client));
      } catch (error) {
        const wasRefused = isFailover(error);
        if (!wasRefused && !isLoss(error)) throw explained(error, this.address);
        this.#lost(client);
        const isLate = performance.now() >= deadline;
        if (!isLate && (wasRefused || options.repeatable)) continue;
        const problem = isLate ? unanswered(this.address) : "the connection was lost before the answer came";
        const effect = options.repeatable ? "" : "; whether it took effect is not known";
        throw new StorageUnavailableError(this.address.shown, problem + effect, { cause: error });
      }
    }
  }

  assertOpen(): void {
    if (this.#closed) throw new StorageError(`storage ${this.address.shown} is closed`);
  }

  close(): void {
    this.#closed = true;
    this.#client?.close();
    this.#changed.resolve();
  }

  async #connected(deadline: number): Promise<Bun.RedisClient> {
    for (;;) {
      this.assertOpen();
      if (this.#client) return this.#client;
      if (!this.#connecting) void this.#connect();
      const problem = this.#problem;
      const giveUpAt = Math.min(deadline, (problem?.since ?? performance.now()) + this.address.timeout);
      const isPassing = !problem || problem.error instanceof StorageUnavailableError;
      const patience = giveUpAt - performance.now();
      if (!isPassing) throw problem.error;
      if (patience <= 0) {
        throw problem?.error ?? new StorageUnavailableError(this.address.shown, unanswered(this.address));
      }
      await withTimeout(this.#changed.promise, patience);
    }
  }

  async #connect(): Promise<void> {
    this.#connecting = true;
    for (let pause = firstPause; !this.#closed && !this.#client; pause = Math.min(pause * 2, longestPause)) {
      try {
        const client = await connect(this.address);
        client.onclose = () => this.#lost(client);
        this.#client = client;
        this.#problem = undefined;
        if (this.#closed) client.close();
      } catch (error) {
        const since = this.#problem?.since ?? performance.now();
        this.#problem = { error: explained(error, this.address), since };
      }
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
      if (!this.#client) await new Promise((resolve) => setTimeout(resolve, pause).unref());
    }
    this.#connecting = false;
  }

  #lost(client: Bun.RedisClient, problem = "the connection was lost"): void {
    if (this.#client !== client || this.#closed) return;
    this.#client = undefined;
    const error = new StorageUnavailableError(this.address.shown, problem);
    this.#problem = { error, since: performance.now() };
    client.close();
    void this.#connect();
  }

  /** A connection that does not answer is given up, so that what comes next has one that does. */
  async #within<T>(deadline: number, client: Bun.RedisClient, work: Promise<T>): Promise<T> {
    const giveUp = () => this.#lost(client, unanswered(this.address));
    const timer = setTimeout(giveUp, Math.max(0, deadline - performance.now()));
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }
}

async function connect(address: RedisAddress): Promise<Bun.RedisClient> {
  const client = new Bun.RedisClient(address.clientUrl, {
    autoReconnect: false,
    enableOfflineQueue: false,
    connectionTimeout: address.timeout,
    tls: address.tls,
  });
  try {
    await client.connect();
  } catch (cause) {
    // Few programs need it, and what it needs takes long to load.
    const { whyNoConnection } = await import("./diagnosis.ts");
    const { problem, passing } = await whyNoConnection(address);
    if (passing) throw new StorageUnavailableError(address.shown, problem, { cause });
    throw new StorageError(`storage ${address.shown}: ${problem}`, { cause });
  }
  try {
    if (address.database > 0) await client.send("SELECT", [String(address.database)]);
    await assertUsable(client, address);
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}

function isLoss(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_REDIS_CONNECTION_CLOSED";
}

/** The server no longer takes writes, and has not taken this one: its address may lead to another by now. */
function isFailover(error: unknown): boolean {
  return error instanceof Error && /^(READONLY|MASTERDOWN)\b/.test(error.message);
}

function unanswered({ timeout, tls }: RedisAddress): string {
  const hint = tls ? "; if the server speaks no TLS, begin the URL with redis://" : "";
  return `there was no answer within ${formatDuration(timeout)}${hint}`;
}

const explanations: Record<string, string> = {
  OOM: "Redis has reached its maxmemory: let it have more, or keep fewer finished jobs (see `keep`)",
  MISCONF: "Redis cannot save its data to disk and refuses writes: see its log",
  NOPERM: "the user lacks permissions: it needs all commands on the keys of the prefix",
  NOAUTH: "it needs a password: redis://:PASSWORD@HOST",
  CROSSSLOT: "this is a cluster: Nuvom needs a Redis that is not sharded",
};

const noSuchDatabase = "there is no database of this number: see `databases` in the server's configuration";

const passingProblems: Record<string, string> = {
  LOADING: "Redis is still loading its data",
  BUSY: "a script keeps Redis busy",
};

/** Says in plain words what Redis' error codes mean. */
function explained(error: unknown, { shown }: RedisAddress): StorageError {
  if (error instanceof StorageError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = message.split(" ")[0]!;
  const passing = isLoss(error) ? "the connection was lost" : passingProblems[code];
  if (passing) return new StorageUnavailableError(shown, passing, { cause: error });
  const known = message.startsWith("ERR DB index") ? noSuchDatabase : explanations[code];
  return new StorageError(`storage ${shown}: ${known ? `${known} (${message})` : message}`, { cause: error });
}

/** Resolves with the promise, or after so many milliseconds. */
async function withTimeout(promise: Promise<void>, milliseconds: number): Promise<void> {
  let timer: Timer | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}
