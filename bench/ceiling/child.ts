import { decode, encode } from "@msgpack/msgpack";
import type { Payload } from "../contestant.ts";
import type { BareJob } from "./processes.ts";

const run = ({ index }: Payload) => index;

process.on("message", (jobs: BareJob[]) => {
  process.send!(jobs.map(([key, input]) => [key, encode(run(decode(input) as Payload))]));
});
