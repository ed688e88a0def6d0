/** As W3C Trace Context writes the trace that a job belongs to. Of zeros alone no id is made. */
export const traceparentForm = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** What the API of OpenTelemetry keeps on the global object, once a program has registered it. */
interface OpenTelemetry {
  context?: { active(): unknown };
  propagation?: { inject(context: unknown, carrier: Headers, setter: typeof headers): void };
}

const headers = { set: (carrier: Headers, name: string, value: string) => carrier.set(name, value) };

const openTelemetry = Symbol.for("opentelemetry.js.api.1");

/** The trace that this call is a part of, where the program uses OpenTelemetry and passes traces on in this form. */
export function currentTraceparent(): string | null {
  const { context, propagation } = (globalThis as { [openTelemetry]?: OpenTelemetry })[openTelemetry] ?? {};
  if (!context || !propagation) return null;
  const carrier = new Headers();
  propagation.inject(context.active(), carrier, headers);
  const traceparent = carrier.get("traceparent");
  return traceparent !== null && traceparentForm.test(traceparent) ? traceparent : null;
}
