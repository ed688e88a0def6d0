import { task } from "nuvom/testing";
import { task as a } from "@acme/nuvom";
import { task as b } from "nuvom-extra";

task("no"); a("no"); b("no");
