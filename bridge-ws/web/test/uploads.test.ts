import { beforeEach, expect, test } from "vitest";
import { ApiError } from "../src/api/http";
import { UPLOADS_MAX, Uploads } from "../src/room/uploads";

interface Sent {
  readonly name: string;
  readonly progress: (bytes: number) => void;
  readonly arrive: () => void;
  readonly fail: (problem: unknown) => void;
}

let line: Sent[];
let givenUp: string[];
let uploads: Uploads;

beforeEach(() => {
  line = [];
  givenUp = [];
  uploads = new Uploads(
    (file, progress) => {
      let cancel = (): void => {};
      const done = new Promise<void>((arrive, fail) => {
        line.push({ name: file.name, progress, arrive, fail });
        cancel = () => {
          givenUp.push(file.name);
          fail(new ApiError(0, "", "given up"));
        };
      });
      return { done, cancel: () => cancel() };
    },
    () => {},
  );
});

const file = (name: string): File => new File(["12345678"], name);
const states = (): string[] => uploads.entries.map((entry) => `${entry.file.name} ${entry.state}`);
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

test("two are sent at once, the next when one has arrived", async () => {
  uploads.add(["a", "b", "c"].map(file));
  expect(states()).toEqual(["a sending", "b sending", "c waiting"]);
  line[1]?.arrive();
  await settled();
  expect(states()).toEqual(["a sending", "c sending"]);
  line[0]?.progress(5);
  expect(uploads.entries[0]?.sentBytes).toBe(5);
});

test("what failed says why, holds up nothing, and is sent again from its beginning", async () => {
  uploads.add([file("a")]);
  line[0]?.progress(8);
  line[0]?.fail(new ApiError(413, "FileTooLarge", ""));
  await settled();
  expect(states()).toEqual(["a failed"]);
  expect(uploads.entries[0]?.problem).toMatchObject({ fault: "FileTooLarge" });
  uploads.add([file("b")]);
  expect(states()).toEqual(["a failed", "b sending"]);
  uploads.retry(uploads.entries[0]?.key ?? "");
  expect(states()).toEqual(["a sending", "b sending"]);
  expect(uploads.entries[0]?.sentBytes).toBe(0);
});

test("what is called back is gone, also from the line, and makes place", async () => {
  uploads.add(["a", "b", "c"].map(file));
  uploads.cancel(uploads.entries[0]?.key ?? "");
  await settled();
  expect(givenUp).toEqual(["a"]);
  expect(states()).toEqual(["b sending", "c sending"]);
  uploads.cancelAll();
  await settled();
  expect([states(), givenUp]).toEqual([[], ["a", "b", "c"]]);
});

test("more than there is place for are left out, and that is told", () => {
  expect(uploads.add(Array.from({ length: UPLOADS_MAX }, (_, index) => file(`${index}`)))).toBe(true);
  expect(uploads.add([file("one more")])).toBe(false);
  expect(uploads.entries).toHaveLength(UPLOADS_MAX);
});
