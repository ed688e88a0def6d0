/** To so many significant digits, as in `12,300`, `0.0457` or `4.00`. */
export function rounded(value: number, digits = 3): string {
  return value.toLocaleString("en-US", {
    minimumSignificantDigits: digits,
    maximumSignificantDigits: digits,
  });
}

/** The lowest and the highest, as in `11,900–12,600`; empty where there are not two. */
export function spread(values: readonly number[]): string {
  return values.length > 1 ? `${rounded(Math.min(...values))}–${rounded(Math.max(...values))}` : "";
}

/** As in `5.6 ×`. */
export function times(factor: number, digits = 2): string {
  return `${rounded(factor, digits)} ×`;
}

/** As in `35 %` or `106 %`. */
export function percent(share: number): string {
  return `${rounded(share * 100, share < 1 ? 2 : 3)} %`;
}

/** As in `1 round` or `5 rounds`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
