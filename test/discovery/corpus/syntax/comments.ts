// task("no") import { task } from "other"
import /* { no } */ { /* task as */ task } from /* "other" */ "nuvom"; // "
/* ' " ` task("no") // */ task /* ( */ ( // "no"
  /* "no", */ "comments",
  /** task("no") */ () => 1,
);
//* task("no")
/*/ task("no") /*/
task("comments.after", () => 1);
