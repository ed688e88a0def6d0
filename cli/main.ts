#!/usr/bin/env bun
import { run } from "./run.ts";

process.exitCode = await run(process.argv.slice(2));
// A user's module that `enqueue` imported may hold timers or servers open.
process.exit();
