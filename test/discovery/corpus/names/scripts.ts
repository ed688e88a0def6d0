import { task as задача } from "nuvom";

const タスク = "名前.αβγ";
задача(タスク, () => 1);
задача("emoji.👩‍👩‍👧", () => 1);
