import { task } from "nuvom";

if (process.env.A) task("blocks.if", () => 1);
else { task("blocks.else", () => 1); }
label: for (;;) { task("blocks.loop", () => 1); break label; }
try { task("blocks.try", () => 1); } finally { task("blocks.finally", () => 1); }
const list = [task("blocks.array", () => 1), { a: task("blocks.object", () => 1) }];
const chosen = list ? task("blocks.chosen", () => 1) : null;
register(task("blocks.argument", () => 1));
do task("blocks.do", () => 1); while (false);
(task("blocks.comma", () => 1), task("blocks.comma.second", () => 1));
