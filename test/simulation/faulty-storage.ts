import { StorageUnavailableError } from "../../src/errors.ts";
import type { Storage } from "../../src/index.ts";
import type { Actor, World } from "./world.ts";

/** How likely it is that a call goes wrong, and how. */
export interface Faults {
  /** Between 0 and 1. */
  probability: number;
  /** Nobody reaches the storage until then. */
  awayUntil: number;
}

/** The storage as one program reaches it. */
export interface Connection {
  storage: Storage;
  /** It cannot be reached from this program until then. */
  cutOffUntil: number;
  /** When a call last went other than well. */
  disturbedAt: number;
}

/** What is late is late by this much at most, as with a storage that has a timeout of its own. */
export const longestDelay = 4_000;

type Fate =
  | "well"
  | "fails before"
  | "fails after"
  | "fails first"
  | "takes effect late"
  | "answers late"
  | "twice";

const fates: readonly Fate[] = [
  "fails before",
  "fails after",
  "fails first",
  "takes effect late",
  "answers late",
  "twice",
];

/**
 * A storage between which and its caller lies a network: calls and answers take time, overtake each other and get
 * lost. It works around any storage, as it knows nothing of the methods but that they answer with a promise.
 */
export function connect(raw: Storage, caller: Actor, faults: Faults, world: World): Connection {
  const { random } = world;
  const shortWhile = () => random.between(0, 3);
  const longWhile = () => random.between(3, longestDelay);

  function fate(): Fate {
    if (Math.max(connection.cutOffUntil, faults.awayUntil) > world.now()) return "fails before";
    return random.chance(faults.probability) ? random.pick(fates) : "well";
  }

  function call(name: string, take: () => Promise<unknown>): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const chosen = fate();
    if (chosen !== "well") {
      connection.disturbedAt = world.now();
      world.say(caller, () => `${name}: ${chosen}`);
    }
    const effectAt = world.now() + (chosen === "takes effect late" ? longWhile() : shortWhile());
    const answerAt = (time: number) => time + (chosen === "answers late" ? longWhile() : shortWhile());
    const failAt = (time: number) => {
      if (chosen !== "well") connection.disturbedAt = Math.max(connection.disturbedAt, time);
      world.deliver(time, caller, () => reject(new StorageUnavailableError("simulated:", chosen)));
    };
    const answer = (outcome: () => void) => {
      const time = answerAt(world.now());
      if (chosen !== "well") connection.disturbedAt = Math.max(connection.disturbedAt, time);
      world.deliver(time, caller, outcome);
    };
    const apply = (answered: boolean) => {
      take().then(
        (value) => answered && answer(() => resolve(value)),
        (error) => answered && answer(() => reject(error)),
      );
    };
    const effect = (time: number, answered: boolean) =>
      world.deliver(time, world.nobody, () => apply(answered));

    switch (chosen) {
      case "fails before":
        failAt(effectAt + (random.chance(0.5) ? longWhile() : 0));
        break;
      case "fails after":
        effect(effectAt, false);
        failAt(answerAt(effectAt));
        break;
      case "fails first":
        failAt(effectAt);
        effect(effectAt + longWhile(), false);
        break;
      case "twice":
        effect(effectAt, false);
        effect(effectAt + random.between(0, 500), true);
        break;
      default:
        effect(effectAt, true);
    }
    return promise;
  }

  /** Its hints come late or not at all, or for nothing. */
  function onWake(queues: readonly string[] | null, callback: () => void): (unused?: boolean) => void {
    const end = raw.onWake(queues, () => {
      if (faults.probability > 0 && random.chance(0.2)) return;
      world.deliver(world.now() + shortWhile(), caller, callback);
    });
    if (faults.probability > 0 && random.chance(0.1))
      world.deliver(world.now() + shortWhile(), caller, callback);
    return end;
  }

  const storage = new Proxy(raw, {
    get(target, name: keyof Storage & string) {
      if (name === "onWake") return onWake;
      const method = target[name] as (...values: unknown[]) => Promise<unknown>;
      if (typeof method !== "function") return method;
      return (...values: unknown[]) => call(name, () => Reflect.apply(method, target, values));
    },
  });
  const connection: Connection = {
    storage,
    cutOffUntil: 0,
    disturbedAt: Number.NEGATIVE_INFINITY,
  };
  return connection;
}
