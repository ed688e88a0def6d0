interface Group {
  /** Within a sentence. */
  title: string;
  /** What was measured, as one paragraph. */
  about: string;
}

const groups: Record<string, Group> = {
  latency: {
    title: "latency",
    about:
      "From the call of `enqueue` to the start of the task, in a worker of another program that is idle; and the share of a core that such a worker takes.",
  },
  due: { title: "delayed jobs", about: "How late jobs start that were enqueued for a time." },
  schedules: {
    title: "schedules",
    about:
      "How many occurrences a second become jobs when many schedules are due at once, and how late the job of one starts.",
  },
  claim: {
    title: "claims",
    about: "What it costs to claim jobs that are due, beside so many that are pending or of the future.",
  },
  settle: { title: "settlements", about: "What it costs to record what became of these jobs." },
  memory: {
    title: "memory",
    about:
      "Of a worker and of the largest of its processes, after some jobs and after many that waited in one backlog.",
  },
  storage: {
    title: "storage of a job",
    about: "What one job of 100 bytes of input takes while it waits, and once its result is stored.",
  },
  discovery: { title: "discovery", about: "How fast the tasks of a project are found in its sources." },
  "start-up": {
    title: "start-up",
    about: "From the start of `nuvom worker` to the start of a job that has waited for it.",
  },
  IPC: {
    title: "IPC",
    about:
      "How many jobs a second cross to a child process and back that decodes the input and encodes a result, and does nothing else.",
  },
  "I/O": {
    title: "I/O tasks",
    about: "Tasks that wait, as for a database; the ideal is a worker that does nothing else.",
  },
  CPU: {
    title: "CPU-bound tasks",
    about: "Tasks that compute; a bare loop computes the same and does nothing else.",
  },
  recovery: {
    title: "recovery",
    about:
      "From the death of a process to the next job that starts in its place, in a worker that has one process.",
  },
  metrics: {
    title: "metrics",
    about: "What it costs a worker to be scraped each second, and how long a scrape takes.",
  },
};

export function groupTitle(group: string): string {
  return groups[group]?.title ?? group;
}

export function groupAbout(group: string): string {
  return groups[group]?.about ?? "";
}
