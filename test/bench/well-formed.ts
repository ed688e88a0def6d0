const name = "[A-Za-z_][\\w.:-]*";
const reference = "&(?:amp|lt|gt|quot|apos|#\\d+);";
const attribute = `\\s+(${name})="((?:[^"&<]|${reference})*)"`;
const tag = new RegExp(`<(?:(${name})((?:${attribute})*)\\s*(/?)|/(${name})\\s*)>`, "y");
const characters = new RegExp(`(?:[^<&]|${reference})+`, "y");

/**
 * Reads an XML document of elements, attributes and text, as strictly as XML is.
 * @throws at the first place where it is not well-formed.
 */
export function assertWellFormed(xml: string): void {
  const open: string[] = [];
  let roots = 0;
  for (let place = 0; place < xml.length; ) {
    characters.lastIndex = tag.lastIndex = place;
    const text = characters.exec(xml)?.[0];
    const [markup, opened, attributes = "", , , closedAtOnce, closed] = tag.exec(xml) ?? [];
    const wrong = (why: string) => new Error(`${why}: ${xml.slice(place, place + 80)}`);
    if (text === undefined && markup === undefined) throw wrong("neither text nor a tag");
    if (open.length === 0 && text?.trim()) throw wrong("text outside of the root");
    if (opened !== undefined) {
      const names = [...attributes.matchAll(new RegExp(attribute, "g"))].map(([, key]) => key);
      if (new Set(names).size < names.length) throw wrong("an attribute twice");
      if (open.length === 0 && ++roots > 1) throw wrong("a second root");
      if (closedAtOnce === "") open.push(opened);
    }
    if (closed !== undefined && open.pop() !== closed) throw wrong("what is closed was not opened last");
    place += (text ?? markup)!.length;
  }
  if (open.length > 0 || roots !== 1) throw new Error(`at the end ${open.join(", ") || "nothing"} is open`);
}
