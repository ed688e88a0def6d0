import { defineConfig } from "nuvom";
import { openRemote } from "./remote/client.ts";

const { JOBS_URL = "http://localhost:7070", JOBS_TOKEN = "" } = process.env;

export default defineConfig({ storage: () => openRemote(JOBS_URL, JOBS_TOKEN) });
