import { drainMicrotasks } from "bun:jsc";
import type { Clock } from "../../src/clock.ts";
import { seeded } from "./random.ts";
import { TimeLine } from "./time-line.ts";

/**
 * Whatever can be stopped for itself: a worker, one of its processes, a client. While it is paused, as by SIGSTOP,
 * what should happen to it waits; when it is dead nothing happens to it any more.
 */
export interface Actor {
  readonly name: string;
  state: "running" | "paused" | "dead";
  /** What waits for the end of its pause, in the order of time. */
  readonly held: Happening[];
}

interface Happening {
  at: number;
  actor: Actor;
  kind: "timer" | "message";
  callback: (() => void) | null;
}

/** What must never be true was true. */
export class Violation extends Error {
  override name = "Violation";
}

export type World = ReturnType<typeof createWorld>;

/** More than this in one call of `pass` is an endless loop. */
const mostHappenings = 200_000;

const begin = 1_700_000_000_000;

/**
 * A world in which time only passes when nothing is left to do: everything happens on one thread, one thing after the
 * other, each with all the microtasks that it sets off. So a run needs no turn of the event loop at all.
 */
export function createWorld(seed: number, trace: (line: string) => void = silent) {
  const random = seeded(seed);
  const line = new TimeLine<Happening>();
  const nobody = createActor("nobody");
  let now = begin;
  let current = nobody;
  let violation: Violation | null = null;
  const counts = new Map<string, number>();

  function schedule(actor: Actor, kind: Happening["kind"], at: number, callback: () => void) {
    const happening: Happening = { at: Math.max(now, at), actor, kind, callback };
    line.add(happening);
    return happening;
  }

  function happen({ actor, callback }: Happening): void {
    current = actor;
    callback?.();
    drainMicrotasks();
    current = nobody;
  }

  const world = {
    random,
    nobody,
    now: () => now,

    /** Milliseconds since it began. */
    get passed(): number {
      return now - begin;
    },

    /** Gives everything of a kind a short name. */
    name(kind: string): string {
      const number = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, number);
      return `${kind}${number}`;
    },

    say(who: Actor, text: () => string): void {
      if (trace !== silent)
        trace(`${(now - begin).toFixed(2).padStart(10)}  ${who.name.padEnd(8)} ${text()}`);
    },

    /** What an actor does by itself, after a delay. Returns the function that calls it off. */
    after(delay: number, actor: Actor, callback: () => void): () => void {
      const happening = schedule(actor, "timer", now + delay, callback);
      return () => {
        happening.callback = null;
      };
    },

    /** What reaches an actor from outside, at a time. */
    deliver(at: number, actor: Actor, callback: () => void): void {
      schedule(actor, "message", at, callback);
    },

    pause(actor: Actor): void {
      if (actor.state === "running") actor.state = "paused";
    },

    /** What came meanwhile is there all at once, and a program may look at its timers or at its messages first. */
    resume(actor: Actor): void {
      if (actor.state !== "paused") return;
      actor.state = "running";
      const held = actor.held.splice(0);
      const first = random.pick(["timer", "message"]);
      const isFirst = ({ kind }: Happening) => kind === first;
      for (const happening of [...held.filter(isFirst), ...held.filter((each) => !isFirst(each))]) {
        happening.at = now;
        line.add(happening);
      }
    },

    kill(actor: Actor): void {
      actor.state = "dead";
      actor.held.length = 0;
    },

    /** A clock on the wall of an actor: off by so many milliseconds, and running that much faster or slower. */
    clockOf(actor: Actor, offset: number, drift: number): Clock {
      return {
        now: () => Math.floor(now + offset + (now - begin) * drift),
        after: (delay, callback) => world.after(delay / (1 + drift), actor, callback),
      };
    },

    violate(invariant: string, details: string): void {
      violation ??= new Violation(`${invariant}: ${details}`);
    },

    /** Lets time go by. @throws Violation */
    pass(duration: number): void {
      const end = now + duration;
      const restore = replaceGlobals();
      let happened = 0;
      try {
        for (;;) {
          const next = line.first();
          if (!next || next.at > end) break;
          line.removeFirst();
          if (!next.callback) continue;
          now = Math.max(now, next.at);
          if (next.actor.state === "paused") next.actor.held.push(next);
          else if (next.actor.state === "running") happen(next);
          if (++happened > mostHappenings) world.violate("it comes to rest", next.actor.name);
          if (violation) throw violation;
        }
        now = end;
        if (violation) throw violation;
      } finally {
        restore();
      }
    },
  };

  /** Of what Nuvom takes from its surroundings, all that would differ from run to run or need the event loop. */
  function replaceGlobals(): () => void {
    const { setImmediate } = globalThis;
    const { randomUUIDv7 } = Bun;
    globalThis.setImmediate = ((callback: () => void) => {
      world.after(0, current, callback);
    }) as typeof setImmediate;
    Bun.randomUUIDv7 = ((_: unknown, time?: number) => uuid(time ?? now)) as typeof randomUUIDv7;
    return () => {
      globalThis.setImmediate = setImmediate;
      Bun.randomUUIDv7 = randomUUIDv7;
    };
  }

  let made = 0;

  /** Ordered by time, and by the order in which they are made. */
  function uuid(time: number): string {
    const hex = Math.floor(time).toString(16).padStart(12, "0");
    const tail = (++made).toString(16).padStart(12, "0");
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${tail}`;
  }

  return world;
}

export function createActor(name: string): Actor {
  return { name, state: "running", held: [] };
}

/** Traces nothing, and costs nothing. */
export const silent = () => {};
