type Attributes = Record<string, string | number | undefined>;

/** An element; the children are SVG already. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const listed = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapedXml(typeof value === "number" ? short(value) : value!)}"`)
    .join("");
  return children.length === 0 ? `<${name}${listed}/>` : `<${name}${listed}>${children.join("")}</${name}>`;
}

/** @param look its class. */
export function text(x: number, y: number, look: string, content: string, more: Attributes = {}): string {
  return element("text", { x, y, class: look, ...more }, escapedXml(content));
}

/** For texts and for values in double quotes. */
export function escapedXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** About how wide it is in a usual font, since which one it will be is not known here. */
export function estimatedWidth(content: string, fontSize: number): number {
  const widths = Array.from(content, (letter) => {
    if (/[ijlft.,:;'()| ]/.test(letter)) return 0.34;
    return /[mwA-Z]/.test(letter) ? 0.76 : 0.6;
  });
  return widths.reduce((sum, width) => sum + width, 0) * fontSize;
}
