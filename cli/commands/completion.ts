import { unknownName } from "../../src/config/nearest.ts";
import { command, everywhere, UsageError } from "../command.ts";

/** Each asks `nuvom completion words` what may come next: the words are the same in every shell. */
const scripts: Record<string, string> = {
  bash: `# Completion for nuvom; put it into ~/.bashrc: source <(nuvom completion bash)
_nuvom() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do
    [[ $word == "\${COMP_WORDS[COMP_CWORD]}"* ]] && COMPREPLY+=("$(printf %q "$word")")
  done < <(nuvom completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _nuvom nuvom`,
  zsh: `# Completion for nuvom; put it into ~/.zshrc, behind compinit: source <(nuvom completion zsh)
_nuvom() {
  local -a found
  found=("\${(@f)$(nuvom completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a found
}
compdef _nuvom nuvom`,
  fish: `# Completion for nuvom; put it into ~/.config/fish/config.fish: nuvom completion fish | source
complete -c nuvom -f -a '(nuvom completion words -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
};

export default command({
  summary: "print the completion for a shell: bash, zsh or fish",
  usage: "<shell>",
  arguments: [1, Number.POSITIVE_INFINITY],
  flags: {},
  examples: ["source <(nuvom completion bash)", "nuvom completion fish | source"],
  complete: (positionals) => (positionals.length === 0 ? Object.keys(scripts) : []),
  async run([shell, ...words]) {
    if (shell === "words") {
      for (const word of await wordsAfter(words)) if (!/\p{Cc}/u.test(word)) console.log(word);
      return 0;
    }
    const script = Object.hasOwn(scripts, shell!) ? scripts[shell!] : undefined;
    if (script === undefined) throw new UsageError(unknownName("shell", shell!, Object.keys(scripts)));
    console.log(script);
    return 0;
  },
});

/** What may stand in place of the last of these words, of which some part may be written. */
async function wordsAfter(words: readonly string[]): Promise<string[]> {
  // They know this command in turn.
  const { commands } = await import("../commands.ts");
  const [name = "", ...rest] = words;
  if (rest.length === 0) return Object.keys(commands);
  const found = commands[name];
  if (!found) return [];
  const flags = { ...found.flags, ...everywhere };
  const before = rest.slice(0, -1);
  const takesValue = (word: string | undefined) =>
    word !== undefined && flags[word.slice(2)]?.type === "string";
  if (takesValue(before.at(-1))) return [...(flags[before.at(-1)!.slice(2)]!.values ?? [])];
  if (rest.at(-1)!.startsWith("-")) return Object.keys(flags).map((flag) => `--${flag}`);
  const positionals = before.filter((word, index) => !word.startsWith("-") && !takesValue(before[index - 1]));
  return (await found.complete?.(positionals)) ?? [];
}
