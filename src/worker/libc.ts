import { dlopen, type FFIFunction } from "bun:ffi";

/** The C library's file on GNU and on musl systems. */
const libraries = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

/** Functions of the C library of Linux, `null` elsewhere. */
export function libc<const Functions extends Record<string, FFIFunction>>(functions: Functions) {
  if (process.platform !== "linux") return null;
  for (const library of libraries) {
    try {
      return dlopen(library, functions).symbols;
    } catch {
      // Not this library: the next, or none.
    }
  }
  return null;
}
