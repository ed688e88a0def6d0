task("no");
const text = 'import { task } from "nuvom"; task("no")';
