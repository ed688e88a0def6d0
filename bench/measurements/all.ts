import type { Measure } from "../measurement.ts";
import * as claim from "./claim.ts";
import * as cpu from "./cpu.ts";
import * as discovery from "./discovery.ts";
import * as due from "./due.ts";
import * as io from "./io.ts";
import * as latency from "./latency.ts";
import * as memory from "./memory.ts";
import * as metrics from "./metrics.ts";
import * as recovery from "./recovery.ts";
import * as schedules from "./schedules.ts";
import * as startUp from "./start-up.ts";
import * as storageSize from "./storage-size.ts";

/** What is measured of Nuvom besides the contests, in the order of the report; `name` is also that of the file. */
export const measurements: { name: string; measure: Measure }[] = [
  { name: "latency", measure: latency.measure },
  { name: "due", measure: due.measure },
  { name: "schedules", measure: schedules.measure },
  { name: "claim", measure: claim.measure },
  { name: "memory", measure: memory.measure },
  { name: "storage-size", measure: storageSize.measure },
  { name: "discovery", measure: discovery.measure },
  { name: "start-up", measure: startUp.measure },
  { name: "io", measure: io.measure },
  { name: "cpu", measure: cpu.measure },
  { name: "recovery", measure: recovery.measure },
  { name: "metrics", measure: metrics.measure },
];
