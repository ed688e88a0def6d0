const { task, series } = require("gulp");
task("no", series("nuvom", "clean"));
