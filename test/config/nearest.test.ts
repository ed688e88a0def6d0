import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { nearestName, unknownName } from "../../src/config/nearest.ts";

const known = ["storage", "processes", "concurrency", "queues", "NUVOM_MAX_MEMORY"];

describe("the nearest name", () => {
  test.each([
    ["proceses", "processes"],
    ["processs", "processes"],
    ["porcesses", "processes"],
    ["Storage", "storage"],
    ["nuvom_maxmemory", "NUVOM_MAX_MEMORY"],
    ["queue", "queues"],
    ["threads", null],
    ["", null],
  ])("of %p is %p", (name, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });

  test("of a known name is itself, and of one with a letter too many, the one without", () => {
    fc.assert(
      fc.property(fc.constantFrom(...known), fc.nat(), fc.stringMatching(/^[a-z]$/), (name, at, letter) => {
        const place = at % (name.length + 1);
        expect(nearestName(name, known)).toBe(name);
        expect(nearestName(name.slice(0, place) + letter + name.slice(place), known)).toBe(name);
      }),
    );
  });

  test("is said, or all names where none is near", () => {
    expect(unknownName("option", "threads", ["a", "b"])).toBe('there is no option "threads"; there are a, b');
    expect(unknownName("option", "storag", known)).toBe('there is no option "storag"; did you mean storage?');
  });
});
