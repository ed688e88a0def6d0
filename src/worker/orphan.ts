import { dlopen } from "bun:ffi";

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9n;

/** The C library's file on GNU and on musl systems. */
const libraries = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

/**
 * Has Linux kill this process when its parent dies. Elsewhere an orphan ends when it next listens, which one that is
 * in an endless loop never does.
 */
export function dieWithParent(): void {
  if (process.platform !== "linux") return;
  for (const library of libraries) {
    try {
      const { symbols } = dlopen(library, { prctl: { args: ["i32", "u64"], returns: "i32" } });
      symbols.prctl(PR_SET_PDEATHSIG, SIGKILL);
      return;
    } catch {
      // Not this library: the next, or the gentler way of other systems.
    }
  }
}
