import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../../wire/golden/", import.meta.url));

/** A golden frame of the protocol: what its comments claim, and its bytes. */
export interface Golden {
  readonly name: string;
  readonly comments: string;
  readonly bytes: Uint8Array;
}

export function allGolden(): Golden[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".hex"))
    .sort()
    .map((file) => golden(file.slice(0, -".hex".length)));
}

export function golden(name: string): Golden {
  const lines = readFileSync(`${FOLDER}${name}.hex`, "utf8").split("\n");
  const comments = lines.filter((line) => line.startsWith("#")).join("\n");
  const digits = lines
    .filter((line) => !line.startsWith("#"))
    .join(" ")
    .trim();
  return { name, comments, bytes: Uint8Array.from(digits.split(/\s+/), (pair) => parseInt(pair, 16)) };
}

/** A number that the comments give for `field`, as `room: 7`. */
export function claimed({ name, comments }: Golden, field: string): number {
  const found = new RegExp(`\\b${field}:? (0x[0-9a-f]+|\\d+)`).exec(comments);
  if (found === null) throw new Error(`${name}.hex does not say ${field}`);
  return Number(found[1]);
}
