import { type OptionName, optionNames, options } from "../../src/config/options.ts";
import { withoutPassword } from "../../src/storage/open.ts";
import { command, configFlags, configurable, configured, jsonFlag, rootFlag, rootOf } from "../command.ts";
import { printable, printJson } from "../output.ts";
import { table } from "../table.ts";

const nowhere = "unless given";

export default command({
  summary: "show every option, and where its value comes from",
  usage: "",
  arguments: [0, 0],
  flags: { ...rootFlag, ...jsonFlag, ...configFlags(configurable) },
  examples: ["nuvom config", "NUVOM_PROCESSES=4 nuvom config --lease 30s"],
  async run(_, flags) {
    const root = rootOf(flags);
    const { given, origins, warnings } = configured(flags, root);
    const rows = optionNames.map((name) => ({
      option: name,
      value: given[name] === undefined ? options[name].otherwise : shown(name, given[name]),
      origin: origins[name],
    }));
    if (flags.json) printJson(rows);
    else {
      console.log(
        table(
          [
            { header: "OPTION" },
            { header: "VALUE", cut: "end" },
            { header: "FROM", cut: "end", colour: (text) => (text === nowhere ? "dim" : "cyan") },
          ],
          rows.map(({ option, value, origin }) => [option, value, origin ?? nowhere]),
        ),
      );
    }
    for (const warning of warnings) console.error(printable(`nuvom: ${warning}`));
    return 0;
  },
});

/** As it was written, but for what must not be seen and what cannot be. */
function shown(name: OptionName, value: unknown): string {
  if (name === "storage" && typeof value !== "string") return "a storage of your own";
  if (typeof value === "string") return withoutPassword(value);
  if (Array.isArray(value)) return value.join(", ");
  return JSON.stringify(value, (_, part) => (typeof part === "function" ? "a function" : part));
}
