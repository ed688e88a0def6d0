import { decode, encode } from "../../src/codec.ts";
import { retryDelay } from "../../src/retry.ts";
import {
  type Assignment,
  beginWithin,
  type FromProcess,
  type Report,
  type ToProcess,
} from "../../src/worker/protocol.ts";
import type { Spawn, Spawned } from "../../src/worker/spawn.ts";
import type { History } from "./history.ts";
import { isFit, kindOf, mannerOf, type Release, taskOf, type Work } from "./tasks.ts";
import { type Actor, createActor, type World } from "./world.ts";

/** What can be done to a process from outside of its worker. */
export interface SimulatedProcess {
  readonly actor: Actor;
  /** How many jobs its worker has given it. */
  given: number;
  die(how: string): void;
}

interface Machine {
  world: World;
  history: History;
  worker: Actor;
  release: Release;
  /** The clock that its worker looks at, too. */
  now: () => number;
  /** How likely it is that a start goes wrong. */
  misfortune: () => number;
  /** Those that live. */
  processes: Set<SimulatedProcess>;
}

/** Starts processes that speak the worker's protocol as `src/worker/process.ts` does, and only pretend to work. */
export function simulatedSpawn(machine: Machine): Spawn {
  const { world, worker } = machine;
  const { random } = world;
  return (options) => {
    if (random.chance(machine.misfortune() / 2)) throw new Error("no more processes");
    const actor = createActor(world.name("p"));
    const say = mailTo(world, worker);
    const tell = mailTo(world, actor);
    const process: SimulatedProcess = {
      actor,
      given: 0,
      die(how) {
        if (actor.state === "dead") return;
        world.say(actor, () => `dies: ${how}`);
        world.kill(actor);
        machine.processes.delete(process);
        say.lose();
        say.send(() => options.exited(how, false));
      },
    };
    machine.processes.add(process);
    const receive = program(machine, process, (message) => {
      say.send(() => {
        if (message.type === "report") machine.history.reported(message.report.execution);
        options.received(message);
      });
    });
    if (random.chance(machine.misfortune())) world.after(0, actor, () => process.die("exit code 1"));
    const spawned: Spawned = {
      pid: Number(actor.name.slice(1)),
      send(message) {
        if (message.type === "run") process.given += message.jobs.length;
        tell.send(() => receive(message));
      },
      catchUp: () => true,
      kill: () => process.die("signal SIGKILL"),
    };
    return spawned;
  };
}

/** Messages arrive in the order in which they were sent. */
function mailTo(world: World, receiver: Actor) {
  let lastAt = 0;
  let lostBefore = Number.NEGATIVE_INFINITY;
  return {
    send(callback: () => void): void {
      const sentAt = world.now();
      lastAt = Math.max(lastAt, sentAt + world.random.between(0.05, 1));
      world.deliver(lastAt, receiver, () => {
        if (sentAt >= lostBefore || lostBefore - sentAt > 0.3) callback();
      });
    },
    /** What has just been sent may not have left yet. */
    lose(): void {
      if (world.random.chance(0.5)) lostBefore = world.now();
    },
  };
}

/** Returns what it does with a message. */
function program(
  { world, worker, release, history, now }: Machine,
  process: SimulatedProcess,
  send: (message: FromProcess) => void,
): (message: ToProcess) => void {
  const { random } = world;
  const { actor } = process;
  const waiting: (Assignment & { sentAt: number })[] = [];
  /** What each job that executes does when its signal is aborted. */
  const running = new Map<string, () => void>();
  const aborted = new Set<string>();
  const loaded = new Set<string>();
  /** Those that want to keep the process busy, the one that does included. */
  const blocks: (() => void)[] = [];
  let concurrency = 1;
  world.after(random.between(20, 300), actor, () => send({ type: "ready" }));

  function runWaiting(): void {
    while (running.size < concurrency) {
      const job = waiting.shift();
      if (!job) return;
      if (now() > job.sentAt + beginWithin) send({ type: "returned", executions: [job.execution] });
      else begin(job);
    }
  }

  function begin(job: Assignment & { sentAt: number }): void {
    const { execution, task } = job;
    const { importing, isolation = "shared" } = mannerOf(kindOf(task));
    const before = history.began(execution, worker, actor);
    running.set(execution, () => {});
    if (loaded.has(task)) {
      if (now() - job.sentAt > 50) send({ type: "began", execution });
      return run(job, before);
    }
    send({ type: "importing", execution });
    if (importing === "never ends") return;
    world.after(random.between(0, 800), actor, () => {
      if (importing === "throws") {
        send({ type: "spoiled" });
        return run(job, before);
      }
      const { retry } = taskOf(kindOf(task)).definition;
      if (!loaded.has(task)) send({ type: "loaded", facts: { task, retry, isolation, hooks: [] } });
      loaded.add(task);
      send({ type: "began", execution });
      run(job, before);
    });
  }

  function run(job: Assignment, before: number): void {
    const { execution, attempt } = job;
    const { retry } = taskOf(kindOf(job.task)).definition;
    const { kind, takes, fails } = decode(job.input) as Work;
    const began = world.now();

    const end = (result: Pick<Report, "kind"> & Partial<Report>) => {
      if (!running.has(execution)) return;
      history.ended(execution, result.kind);
      const duration = world.now() - began;
      send({ type: "report", report: { execution, duration, ...result } as Report });
      running.set(execution, () => {});
      world.after(0.05, actor, () => {
        running.delete(execution);
        runWaiting();
      });
    };
    const succeed = () =>
      end({ kind: "succeeded", result: encode(execution, { root: "result", limit: 1_000 }) });
    const fail = (message: string, isFinal = false) => {
      const error = { name: "Error", message, stack: "" };
      end({ kind: "failed", error, retryIn: isFinal ? null : retryDelay(retry, attempt, null, random.next) });
    };
    const later = (what: () => void) => world.after(takes, actor, what);
    if (!isFit(kind, release)) return end({ kind: "unfit", reason: "it is of a newer release" });
    const obey = () => world.after(random.between(0, 100), actor, () => fail("aborted"));
    const ignore = () => {};

    const behaviour: Record<Work["kind"], () => (() => void) | undefined> = {
      quick: () => void later(succeed),
      good: () => void later(succeed),
      long: () => void later(succeed),
      polite: () => {
        later(succeed);
        return obey;
      },
      slow: () => {
        send({ type: "progress", execution, progress: { done: attempt, total: null, message: null } });
        later(succeed);
        return obey;
      },
      alone: () => void later(succeed),
      modern: () => void later(succeed),
      refitted: () => void later(succeed),
      early: () =>
        void later(() =>
          before < fails ? end({ kind: "snoozed", delay: takes * 20, reason: "" }) : succeed(),
        ),
      unloadable: () => void fail("its file throws"),
      loading: () => undefined,
      busy: () => void block(takes, succeed),
      flaky: () => void later(() => (attempt <= fails ? fail("it failed") : succeed())),
      failing: () => void later(() => fail("it fails always")),
      hopeless: () => void later(() => fail("it is of no use", true)),
      crashing: () => void later(() => process.die("exit code 1")),
      hanging: () => obey,
      stubborn: () => undefined,
      blocking: () => void block(Number.POSITIVE_INFINITY, ignore),
    };
    const whenAborted = behaviour[kind]() ?? ignore;
    if (aborted.has(execution)) whenAborted();
    else if (running.has(execution)) running.set(execution, whenAborted);
  }

  /** Keeps the process from everything else. What came meanwhile has its turn before another job does the same. */
  function block(duration: number, then: () => void): void {
    blocks.push(() => {
      world.pause(actor);
      if (duration === Number.POSITIVE_INFINITY) return;
      world.deliver(world.now() + duration, world.nobody, () => {
        world.resume(actor);
        world.after(0, actor, then);
        world.after(0, actor, () => {
          blocks.shift();
          blockNext();
        });
      });
    });
    if (blocks.length === 1) blockNext();
  }

  function blockNext(): void {
    const [next] = blocks;
    if (next) world.deliver(world.now(), world.nobody, next);
  }

  return (message) => {
    switch (message.type) {
      case "start":
        concurrency = message.concurrency;
        return;
      case "run":
        for (const job of message.jobs) waiting.push({ ...job, sentAt: message.sentAt });
        return runWaiting();
      case "recall":
        return send({ type: "returned", executions: waiting.splice(0).map(({ execution }) => execution) });
      case "abort": {
        const index = waiting.findIndex(({ execution }) => execution === message.execution);
        if (index >= 0) {
          waiting.splice(index, 1);
          send({ type: "report", report: { execution: message.execution, kind: "dropped" } });
        }
        const obey = running.get(message.execution);
        if (!obey) return;
        aborted.add(message.execution);
        send({ type: "aborted", execution: message.execution });
        obey();
      }
    }
  };
}
