/** The program of a process, where the project is run from its sources. */
import { runProcess } from "./process.ts";

runProcess();
