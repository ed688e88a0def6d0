import { task } from "nuvom";
export declare const a: ReturnType<typeof task<"no">>;
