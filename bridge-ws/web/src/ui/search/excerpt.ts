import type { Hit } from "../../api/search";

/** Units of text shown before the first thing found, and altogether. */
const BEFORE = 24;
const LENGTH = 160;

export interface Piece {
  readonly text: string;
  readonly found: boolean;
}

/** The part of a message around what was found, in pieces; line breaks read as spaces. */
export function excerptOf({ text, highlights }: Pick<Hit, "text" | "highlights">): Piece[] {
  const first = highlights[0]?.[0] ?? 0;
  const from = first <= BEFORE * 2 ? 0 : wordStart(text, first - BEFORE);
  const to = Math.min(text.length, from + LENGTH);
  const pieces: Piece[] = [];
  let at = from;
  const take = (end: number, found: boolean): void => {
    const until = Math.min(end, to);
    if (until > at) pieces.push({ text: whole(text, at, until).replace(/\s+/g, " "), found });
    at = Math.max(at, until);
  };
  if (from > 0) pieces.push({ text: "…", found: false });
  for (const [start, end] of highlights) {
    take(start, false);
    take(end, true);
  }
  take(to, false);
  if (to < text.length) pieces.push({ text: "…", found: false });
  return pieces;
}

/** The beginning of a word at or shortly before `at`. */
function wordStart(text: string, at: number): number {
  const space = text.lastIndexOf(" ", at);
  return space >= 0 && at - space < BEFORE ? space + 1 : at;
}

/** A part of a text that begins and ends between characters, not within one of two units. */
function whole(text: string, from: number, to: number): string {
  return text.slice(isSecondHalf(text, from) ? from + 1 : from, isSecondHalf(text, to) ? to + 1 : to);
}

function isSecondHalf(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff;
}
