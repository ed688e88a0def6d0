import type { Command } from "./command.ts";
import bench from "./commands/bench.ts";
import cancel from "./commands/cancel.ts";
import completion from "./commands/completion.ts";
import config from "./commands/config.ts";
import dev from "./commands/dev.ts";
import doctor from "./commands/doctor.ts";
import enqueue from "./commands/enqueue.ts";
import init from "./commands/init.ts";
import job from "./commands/job.ts";
import jobs from "./commands/jobs.ts";
import pause from "./commands/pause.ts";
import resume from "./commands/resume.ts";
import retry from "./commands/retry.ts";
import schedules from "./commands/schedules.ts";
import status from "./commands/status.ts";
import tasks from "./commands/tasks.ts";
import why from "./commands/why.ts";
import worker from "./commands/worker.ts";

/** By name, in the order in which the help lists them. */
export const commands: Record<string, Command> = {
  init,
  tasks,
  config,
  enqueue,
  worker,
  dev,
  status,
  jobs,
  job,
  why,
  schedules,
  retry,
  cancel,
  pause,
  resume,
  doctor,
  bench,
  completion,
};
