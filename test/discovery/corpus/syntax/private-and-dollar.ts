import { task as $ } from "nuvom";

class C { #$ = 1; $ = 2; get() { return this.#$ + this.$; } }
const $$ = (name: string) => name;
$$("no"); a$("no"); $a("no");
$("dollar", () => 1);
declare function a$(name: string): void;
declare function $a(name: string): void;
