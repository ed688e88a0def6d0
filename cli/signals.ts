/** `bunx` and `bun run` pass on a signal that the terminal has sent to the whole group, so that it comes twice. */
const sameSignal = 500;

/** Calls `stop` at the first signal to end. At a second one the program exits at once, with 1. */
export function onFirstSignal(stop: (signal: string) => void): void {
  let askedAt = Number.POSITIVE_INFINITY;
  const onSignal = (signal: string) => {
    const now = performance.now();
    if (now > askedAt + sameSignal) process.exit(1);
    if (askedAt < now) return;
    askedAt = now;
    stop(signal);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, onSignal);
}
