import t, * as all from "./library.ts";

t("shared.default", () => 1);
all.defineTask("shared.member", () => 1);
all.scheduler.task("shared.member.member", () => 1);
