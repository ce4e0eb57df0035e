import { describe, expect, test } from "vitest";
import { waitBeforeAttempt } from "../src/connection/backoff";
import { batches } from "../src/connection/batches";
import { Requests, type Answer } from "../src/connection/requests";
import type { Incoming } from "../src/protocol/incoming";

describe("the wait before an attempt", () => {
  test("doubles up to a bound, and is spread over its upper half", () => {
    const ceilings = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000];
    ceilings.forEach((ceiling, attempt) => {
      expect(waitBeforeAttempt(attempt, 0, 0)).toBe(ceiling / 2);
      expect(waitBeforeAttempt(attempt, 0, 1)).toBe(ceiling);
    });
    expect(waitBeforeAttempt(5_000, 0, 1)).toBe(20_000);
  });

  test("is at least what the server asked for", () => {
    expect(waitBeforeAttempt(0, 3_000, 0)).toBe(3_000);
    expect(waitBeforeAttempt(0, 3_000, 1)).toBeGreaterThan(3_000);
  });
});

describe("requests", () => {
  const done = (request: number): Incoming => ({ op: "Done", id: 0, request });

  test("get their own answer, once", () => {
    const requests = new Requests();
    const answers: Answer[] = [];
    const first = requests.add((answer) => answers.push(answer));
    const second = requests.add((answer) => answers.push(answer));
    expect(first).not.toBe(0);
    expect(requests.settle(done(second))).toBe(true);
    expect(requests.settle(done(second))).toBe(false);
    expect(answers).toEqual([done(second)]);
  });

  test("are told when their connection is lost, and may ask anew from there", () => {
    const requests = new Requests();
    const answers: Answer[] = [];
    requests.add((answer) => {
      answers.push(answer);
      requests.add((later) => answers.push(later));
    });
    requests.loseAll();
    expect(answers).toEqual([null]);
    requests.loseAll();
    expect(answers).toEqual([null, null]);
  });
});

describe("frames of one turn", () => {
  const frame = (bytes: number): Uint8Array<ArrayBuffer> => new Uint8Array(bytes).fill(bytes);

  test("leave together, in order, within the bound", () => {
    const pieces = batches([frame(4), frame(5), frame(3), frame(9)], 10);
    expect(pieces.map(({ length }) => length)).toEqual([9, 3, 9]);
    expect([...(pieces[0] ?? [])]).toEqual([4, 4, 4, 4, 5, 5, 5, 5, 5]);
  });

  test("above the bound go alone, and none are none", () => {
    expect(batches([frame(40), frame(1)], 10).map(({ length }) => length)).toEqual([40, 1]);
    expect(batches([], 10)).toEqual([]);
  });
});
