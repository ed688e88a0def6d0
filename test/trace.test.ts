import { afterEach, expect, test } from "bun:test";
import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Context,
  type ContextManager,
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type TextMapPropagator,
  trace,
} from "@opentelemetry/api";
import { Nuvom, task } from "../src/index.ts";

const add = task("math.add", ({ x, y }: { x: number; y: number }) => x + y);

/** As the one of `@opentelemetry/context-async-hooks`. */
class Manager implements ContextManager {
  readonly #contexts = new AsyncLocalStorage<Context>();
  active = () => this.#contexts.getStore() ?? ROOT_CONTEXT;
  with: ContextManager["with"] = (active, work, thisArg, ...args) =>
    this.#contexts.run(active, () => work.apply(thisArg as never, args));
  bind: ContextManager["bind"] = (_, target) => target;
  enable = () => this;
  disable = () => this;
}

/** As the one of `@opentelemetry/core`. */
const w3c: TextMapPropagator = {
  inject(active, carrier, setter) {
    const span = trace.getSpanContext(active);
    if (!span || !isSpanContextValid(span)) return;
    setter.set(carrier, "traceparent", `00-${span.traceId}-${span.spanId}-0${span.traceFlags.toString(16)}`);
  },
  extract: (active) => active,
  fields: () => ["traceparent"],
};

const span = (number: number) =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: `${number}`.repeat(32),
    spanId: `${number}`.repeat(16),
    traceFlags: 1,
  });
const traceparent = (number: number) => `00-${`${number}`.repeat(32)}-${`${number}`.repeat(16)}-01`;

afterEach(() => {
  context.disable();
  propagation.disable();
});

async function enqueued(options = {}) {
  await using nuvom = new Nuvom({ storage: "memory:" });
  return (await nuvom.enqueue(add, { x: 1, y: 2 }, options)).get();
}

test("a job belongs to the trace of the call that enqueues it, each call to its own", async () => {
  context.setGlobalContextManager(new Manager());
  propagation.setGlobalPropagator(w3c);
  const jobs = await Promise.all([1, 2].map((number) => context.with(span(number), () => enqueued())));
  expect(jobs.map((job) => job.traceparent)).toEqual([traceparent(1), traceparent(2)]);
});

test("a job that a schedule makes belongs to no trace", async () => {
  context.setGlobalContextManager(new Manager());
  propagation.setGlobalPropagator(w3c);
  await using nuvom = new Nuvom({ storage: "memory:" });
  const job = await context.with(span(1), async () => {
    const schedule = await nuvom.schedule(add, { x: 1, y: 2 }, { every: "1h" });
    return (await schedule.runNow()).get();
  });
  expect(job.traceparent).toBeNull();
});

test("a trace that is given comes before the current one", async () => {
  context.setGlobalContextManager(new Manager());
  propagation.setGlobalPropagator(w3c);
  const given = { traceparent: traceparent(3) };
  const job = await context.with(span(1), () => enqueued(given));
  expect(job.traceparent).toBe(traceparent(3));
});

test("a job belongs to no trace where there is none, or traces are passed on in another form or not at all", async () => {
  context.setGlobalContextManager(new Manager());
  expect((await context.with(span(1), () => enqueued())).traceparent).toBeNull();

  const inject: TextMapPropagator["inject"] = (_, carrier, setter) => {
    setter.set(carrier, "b3", "0");
    setter.set(carrier, "traceparent", "one of a later version");
  };
  propagation.setGlobalPropagator({ ...w3c, inject });
  expect((await context.with(span(1), () => enqueued())).traceparent).toBeNull();

  propagation.disable();
  propagation.setGlobalPropagator(w3c);
  expect((await enqueued()).traceparent).toBeNull();
});
