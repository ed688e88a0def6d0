/** A web server that hands work to jobs and runs the worker in the same program. */
import {
  InvalidInputError,
  JobFailedError,
  JobNotFoundError,
  Nuvom,
  ResultTimeoutError,
  startWorker,
  useClient,
} from "nuvom";
import { analyse } from "./tasks/text.ts";

export async function startApp({ port, storage }: { port: number; storage: string }) {
  const nuvom = useClient(new Nuvom({ storage }));
  const worker = await startWorker({ storage, root: import.meta.dir });
  const server = Bun.serve({
    port,
    routes: {
      "/texts": {
        async POST(request) {
          const job = await analyse.enqueue({ text: await request.text() });
          return Response.json({ job: job.id }, { status: 202, headers: { Location: `/jobs/${job.id}` } });
        },
      },
      "/jobs/:id": async ({ params }) => Response.json(await nuvom.job(params.id).result({ timeout: "5s" })),
    },
    error(error) {
      if (error instanceof InvalidInputError) return Response.json({ error: error.message }, { status: 400 });
      if (error instanceof JobNotFoundError) return Response.json({ error: error.message }, { status: 404 });
      if (error instanceof ResultTimeoutError) return Response.json({ state: "unfinished" }, { status: 202 });
      if (error instanceof JobFailedError) return Response.json({ error: error.message }, { status: 422 });
      console.error(error);
      return Response.json({ error: "internal" }, { status: 500 });
    },
  });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      await worker.stop();
      await nuvom.close();
    },
  };
}

if (import.meta.main) {
  const { PORT = "3000", NUVOM_STORAGE = "sqlite:.nuvom/server.db" } = process.env;
  const app = await startApp({ port: Number(PORT), storage: NUVOM_STORAGE });
  console.log(`listening on ${app.url}`);
  console.log(`try: curl -d 'some text' ${app.url}texts`);
  const stop = () => void app.stop().then(() => process.exit());
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}
