declare const nuvom: any;
nuvom.task("no");
const code = "nuvom";
