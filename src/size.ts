import { InvalidOptionError } from "./errors.ts";

/** A number of bytes, or a text such as `"512mb"` or `"1.5gb"`, in units of 1024. */
export type Size = number | `${number}${"kb" | "mb" | "gb"}`;

const units = { kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

/** The number of bytes. @throws InvalidOptionError that names the option if it is none. */
export function bytesOf(size: Size, option: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(kb|mb|gb)$/.exec(String(size)) ?? [];
  const bytes =
    typeof size === "number" ? size : Math.round(Number(number) * units[unit as keyof typeof units]);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new InvalidOptionError(
    `${option}: must be a number of bytes or a size such as "512mb" or "1gb", not ${Bun.inspect(size)}`,
  );
}

export function formatSize(bytes: number): string {
  const unit = bytes >= units.gb ? "gb" : bytes >= units.mb ? "mb" : "kb";
  return `${Number((bytes / units[unit]).toFixed(1))}${unit}`;
}
