import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as moim from "../src/generated/moim";
import { ErrorCode, errorCodeName } from "../src/protocol/errorCode";
import { FLAG_SESSION, HEADER_BYTES, MINOR, SESSION_HEADER_BYTES, VERSION } from "../src/protocol/header";
import * as limits from "../src/protocol/limits";
import { Opcode } from "../src/protocol/opcode";

/** The page has the protocol's tables a second time, in its own language; here they are held against the first. */

function source(path: string): string {
  return readFileSync(new URL(`../../../wire/${path}`, import.meta.url), "utf8");
}

/** The rows `Name = number,` of a Rust table. */
function rows(path: string): Map<string, number> {
  const found = source(path).matchAll(/^\s+(\w+) = (0x[0-9a-f]+|\d+),$/gm);
  return new Map([...found].map(([, name, value]) => [name as string, Number(value)]));
}

/** The constants `NAME: type = number` of a Rust file. */
function constants(path: string): Map<string, number> {
  const found = source(path).matchAll(/^pub const (\w+): \w+ = ([\d_ *]+);$/gm);
  return new Map(
    [...found].map(([, name, value]) => [
      name as string,
      (value as string)
        .replaceAll("_", "")
        .split("*")
        .reduce((product, factor) => product * Number(factor), 1),
    ]),
  );
}

test("operations have the wire's numbers, and only the trunk's and those of money are missing", () => {
  const wire = rows("src/opcode.rs");
  for (const [name, number] of Object.entries(Opcode)) expect(wire.get(name), name).toBe(number);
  const missing = [...wire].filter(([name, number]) => !(name in Opcode) && number < 0x40);
  expect(missing.map(([name]) => name)).toEqual(["Attach", "Detach", "Sync", "Revoke"]);
});

test("error codes are the wire's", () => {
  expect(new Map(Object.entries(ErrorCode))).toEqual(rows("src/error_code.rs"));
  expect(errorCodeName(ErrorCode.NotAMember)).toBe("NotAMember");
  expect(errorCodeName(9_999)).toBeNull();
});

test("limits are the wire's", () => {
  const wire = constants("src/limits.rs");
  for (const [name, value] of Object.entries(limits)) expect(wire.get(name), name).toBe(value);
});

test("the header's constants are the wire's", () => {
  const wire = constants("src/header.rs");
  for (const [name, value] of Object.entries({ FLAG_SESSION, HEADER_BYTES, MINOR, SESSION_HEADER_BYTES, VERSION })) {
    expect(wire.get(name), name).toBe(value);
  }
});

describe("the generated code has everything that the schema has", () => {
  const schema = source("schema/moim.fbs").replaceAll(/\/\/.*$/gm, "");
  const generated = moim as unknown as Record<string, { prototype?: object } & Record<string, unknown>>;
  const camel = (name: string): string => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

  test.each([...schema.matchAll(/(?:table|struct) (\w+) \{([^}]*)\}/g)].map(([, name, body]) => [name, body] as const))(
    "%s",
    (name, body) => {
      for (const [, field] of (body as string).matchAll(/(\w+):/g)) {
        const accessors = Object.getOwnPropertyNames(generated[name as string]?.prototype ?? {});
        // A field named by a word of the language gets an underscore.
        expect(accessors.map((accessor) => accessor.replace(/_$/, ""))).toContain(camel(field as string));
      }
    },
  );

  test.each([...schema.matchAll(/enum (\w+) : \w+ \{([^}]*)\}/g)].map(([, name, body]) => [name, body] as const))(
    "%s",
    (name, body) => {
      for (const [, value, number] of (body as string).matchAll(/(\w+) = (\d+)/g)) {
        expect(generated[name as string]?.[value as string], value).toBe(Number(number));
      }
    },
  );
});
