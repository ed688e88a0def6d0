const { task } = require("./everything");
task("shared.require", () => 1);
