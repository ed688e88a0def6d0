/** As W3C Trace Context writes the trace that a job belongs to. An id of zeros alone is none. */
export const traceparentForm = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

type Carrier = Record<string, unknown>;

/** What the API of OpenTelemetry keeps on the global object, once a program has registered it. */
interface OpenTelemetry {
  context?: { active(): unknown };
  propagation?: { inject(context: unknown, carrier: Carrier, setter: typeof intoCarrier): void };
}

const intoCarrier = {
  set(carrier: Carrier, name: string, value: unknown): void {
    carrier[name] = value;
  },
};

const openTelemetry = Symbol.for("opentelemetry.js.api.1");

/** The trace that the caller is a part of, where the program uses OpenTelemetry and passes traces on in this form. */
export function currentTraceparent(): string | null {
  const { context, propagation } = (globalThis as { [openTelemetry]?: OpenTelemetry })[openTelemetry] ?? {};
  if (!context || !propagation) return null;
  const carrier: Carrier = {};
  try {
    propagation.inject(context.active(), carrier, intoCarrier);
  } catch {
    // A mistake in what only watches must not cost a job.
    return null;
  }
  const { traceparent } = carrier;
  return typeof traceparent === "string" && traceparentForm.test(traceparent) ? traceparent : null;
}
