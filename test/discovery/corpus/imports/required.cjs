"use strict";
const { Nuvom, task: define } = require("nuvom");
const nuvom = require("nuvom");
const direct = require("nuvom").task;
module.exports.a = define("required.a", () => 1);
module.exports.b = nuvom.task("required.b", () => 1);
module.exports.c = direct("required.c", () => 1);
