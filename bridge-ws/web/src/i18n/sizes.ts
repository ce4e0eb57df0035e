import type { Strings } from "./strings";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** A file's size as people read it: `1.2MB`. */
export function sizeText(strings: Strings, bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const unit = UNITS[step] ?? "byte";
  const format = new Intl.NumberFormat(strings.dates.locale, {
    style: "unit",
    unit,
    unitDisplay: step === 0 ? "long" : "narrow",
    maximumFractionDigits: step === 0 ? 0 : 1,
  });
  return format.format(bytes / 1024 ** step);
}
