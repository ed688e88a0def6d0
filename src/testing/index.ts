export { type StorageUnderTest, testStorage } from "./conformance.ts";
