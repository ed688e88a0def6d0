export { type StorageUnderTest, testStorage } from "./conformance.ts";
export type { TestJob } from "./test-job.ts";
export { type TestNuvom, type TestOptions, testNuvom } from "./test-nuvom.ts";
