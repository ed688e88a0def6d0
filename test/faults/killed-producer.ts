/** Adds batches of jobs, large and small, one after the other and at once, until it is killed; writes down what was confirmed. */
import { appendFileSync } from "node:fs";
import { Nuvom } from "../../src/index.ts";
import { echo } from "../fixtures/tasks/basic.ts";

const [storage, confirmed, name] = process.argv.slice(2) as [string, string, string];
const nuvom = new Nuvom({ storage });
// A test that fails early may not be there to kill it.
for (let batch = 0; performance.now() < 20_000; batch++) {
  const size = 1 + Math.floor(Math.random() * 60);
  const inputs = Array.from({ length: size }, () => ({ batch: `${name}-${batch}`, size }));
  const together = nuvom.enqueueMany(echo, inputs);
  const alone = Array.from({ length: 5 }, () => nuvom.enqueue(echo, { batch: null }));
  for (const adding of [together, ...alone]) {
    void adding.then((jobs) =>
      appendFileSync(
        confirmed,
        [jobs]
          .flat()
          .map(({ id }) => `${id}\n`)
          .join(""),
      ),
    );
  }
  await Promise.all([together, ...alone]);
}
