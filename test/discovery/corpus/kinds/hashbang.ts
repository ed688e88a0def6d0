#!/usr/bin/env -S bun run task("no")
import { task } from "nuvom";

task("hashbang", () => 1);
