import type { Strings } from "./strings";

/** Dates and times as readers of the chosen language write them, in their own time zone; those of money in Seoul's. */

const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(locale, options);
    formats.set(key, found);
  }
  return found;
}

/** `오후 3:12`. */
export function clockText(strings: Strings, unixMs: number): string {
  const date = new Date(unixMs);
  return strings.dates.clock(date.getHours(), date.getMinutes());
}

/** A day as a heading: `11월 22일 일요일`, with the year where it is another. */
export function dayText(strings: Strings, unixMs: number, nowMs: number): string {
  const sameYear = new Date(unixMs).getFullYear() === new Date(nowMs).getFullYear();
  const options: Intl.DateTimeFormatOptions = { month: "long", day: "numeric", weekday: "long" };
  return format(strings.dates.locale, sameYear ? options : { ...options, year: "numeric" }).format(unixMs);
}

/** When something last happened, short, for a list: the time today, `어제`, else the date. */
export function recentText(strings: Strings, unixMs: number, nowMs: number): string {
  if (dayNumber(unixMs) === dayNumber(nowMs)) return clockText(strings, unixMs);
  if (dayNumber(unixMs) === dayNumber(nowMs) - 1) return strings.dates.yesterday;
  const sameYear = new Date(unixMs).getFullYear() === new Date(nowMs).getFullYear();
  const options: Intl.DateTimeFormatOptions = sameYear
    ? { month: "short", day: "numeric" }
    : { year: "2-digit", month: "numeric", day: "numeric" };
  return format(strings.dates.locale, options).format(unixMs);
}

/** When something became of money: the day and the minute in Seoul, by which dues are due. */
export function moneyTimeText(strings: Strings, unixMs: number): string {
  const options: Intl.DateTimeFormatOptions = { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Seoul" };
  return format(strings.dates.locale, options).format(unixMs);
}

/** Its day alone. */
export function moneyDayText(strings: Strings, unixMs: number): string {
  return format(strings.dates.locale, { dateStyle: "long", timeZone: "Asia/Seoul" }).format(unixMs);
}

/** A day of the calendar such as `2026-12-05`, with its year where that is not the present one in Seoul. */
export function calendarDayText(locale: string, date: string, length: "long" | "short", nowMs = Date.now()): string {
  const atMs = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(atMs)) return date;
  const thisYear = format("en", { year: "numeric", timeZone: "Asia/Seoul" }).format(nowMs);
  const options: Intl.DateTimeFormatOptions = { month: length, day: "numeric", timeZone: "UTC" };
  return format(locale, date.startsWith(`${thisYear}-`) ? options : { ...options, year: "numeric" }).format(atMs);
}

/** Counts days of the reader's calendar, so that equal numbers are the same day. */
export function dayNumber(unixMs: number): number {
  const date = new Date(unixMs);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000);
}
