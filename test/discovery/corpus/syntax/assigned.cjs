const nuvom = require("nuvom");
exports.a = nuvom.task("assigned.a", () => 1);
module.exports = { ...exports, b: nuvom.task("assigned.b", () => 1) };
