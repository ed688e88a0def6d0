export * from "nuvom";
export const extra = 1;
