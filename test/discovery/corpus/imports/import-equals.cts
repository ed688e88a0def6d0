import nuvom = require("nuvom");

export = nuvom.task("import-equals", () => 1);
