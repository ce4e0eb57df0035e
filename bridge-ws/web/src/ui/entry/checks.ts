/** The server's bounds, checked before it is asked. */

/** Characters as the server counts them: Unicode scalar values after NFC and trimming. */
export function lengthOf(text: string): number {
  return [...text.normalize("NFC").trim()].length;
}

export function isEmail(text: string): boolean {
  return lengthOf(text) <= 254 && /^[^\s@]+@[^\s@]+$/.test(text.trim());
}

export function isName(text: string): boolean {
  return within(text, 1, 40);
}

export function isPassword(text: string): boolean {
  return bytesOf(text) >= 8 && bytesOf(text) <= 72;
}

export function isRoomPassword(text: string): boolean {
  return bytesOf(text) >= 1 && bytesOf(text) <= 72;
}

export function isRoomName(text: string): boolean {
  return within(text, 1, 80);
}

export function isDescription(text: string): boolean {
  return within(text, 0, 1_000);
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text.normalize("NFC").trim()).length;
}

function within(text: string, least: number, most: number): boolean {
  const length = lengthOf(text);
  return length >= least && length <= most;
}
