var { task } = require("nuvom");
task("html-comments", () => 1);
var x = 1
x<!--task
task("html-comments.after", () => 1);
