#!/usr/bin/env bun
// A tool wrote this.
// @generated SignedSource<<0>>
import { task } from "nuvom";
task("no", () => 1);
