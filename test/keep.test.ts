import { describe, expect, test } from "bun:test";
import { InvalidOptionError, type Keep, Nuvom, task } from "../src/index.ts";

const day = 86_400_000;
const run = () => 1;

/** What a job says about how it is kept, given the options of its task and of its client. */
async function kept(ofTask: { keep?: Keep }, ofClient: { keep?: Keep } = {}) {
  const nuvom = new Nuvom({ storage: "memory:", ...ofClient });
  const handle = await nuvom.enqueue(task("t", { ...ofTask, run }), undefined);
  const { keepFor, keepFailedFor, keepCount } = await handle.get();
  return [keepFor, keepFailedFor, keepCount];
}

describe("keep", () => {
  test("is a day, for failed jobs a week, and 10,000 jobs, unless given", async () => {
    expect(await kept({})).toEqual([day, 7 * day, 10_000]);
    expect(await kept({ keep: {} }, { keep: 0 })).toEqual([day, 7 * day, 10_000]);
  });

  const forms: [Keep, (number | null)[]][] = [
    ["1h", [3_600_000, 3_600_000, 10_000]],
    [5, [5, 5, 10_000]],
    [0, [0, 0, 10_000]],
    ["forever", [null, null, null]],
    [{ succeeded: 0 }, [0, 7 * day, 10_000]],
    [{ failed: "forever" }, [day, null, 10_000]],
    [{ succeeded: "2d", failed: 0, count: 1 }, [2 * day, 0, 1]],
    [{ count: "all" }, [day, 7 * day, null]],
    [{ succeeded: "forever", failed: "forever", count: "all" }, [null, null, null]],
  ];
  test.each(forms)("%p, of a task or of a client", async (keep, expected) => {
    expect(await kept({ keep })).toEqual(expected);
    expect(await kept({}, { keep })).toEqual(expected);
  });

  test("keeps nothing with a count of 0", async () => {
    expect(await kept({ keep: { succeeded: "1d", count: 0 } })).toEqual(await kept({ keep: 0 }));
  });

  test("of the task comes before the client's, as a whole, 0 too", async () => {
    expect(await kept({ keep: { count: 5 } }, { keep: "1h" })).toEqual([day, 7 * day, 5]);
    expect(await kept({ keep: 0 }, { keep: "forever" })).toEqual([0, 0, 10_000]);
  });

  const refused: [unknown, string][] = [
    ["soon", 'keep: "soon" is not a duration'],
    ["Forever", 'keep: "Forever" is not a duration'],
    [-1, "keep: -1 is negative"],
    [true, "keep: true is not a duration"],
    [null, "keep: null is not a duration"],
    [{ succeeded: "all" }, 'keep.succeeded: "all" is not a duration'],
    [{ failed: -1 }, "keep.failed: -1 is negative"],
    [{ cancelled: "1d" }, "keep.cancelled: there is no such option, only succeeded"],
    [{ count: -1 }, "keep.count: must be a whole number of at least 0"],
    [{ count: 1.5 }, 'keep.count: must be a whole number of at least 0, or "all", not 1.5'],
    [{ count: "forever" }, 'keep.count: must be a whole number of at least 0, or "all", not "forever"'],
  ];
  test.each(refused)("refuses %p, of a task and of a client", (keep, message) => {
    const wrong = keep as Keep;
    const owners = {
      'task "t"': () => task("t", { keep: wrong, run }),
      "new Nuvom": () => new Nuvom({ storage: "memory:", keep: wrong }),
    };
    for (const [owner, make] of Object.entries(owners)) {
      expect(make).toThrow(InvalidOptionError);
      const place = owner === "new Nuvom" ? message.replace("keep.", "keep: ") : message;
      expect(make).toThrow(`${owner}: ${place}`);
      expect(make).toThrow('For example: keep: "7d"');
    }
  });
});
