import { beforeEach, describe, expect, test } from "vitest";
import { RoomStream } from "../src/room/stream";
import { chain, message } from "./messages";

let delivered: number[];
let asked: number[];
let restarts: number;
let stream: RoomStream;

beforeEach(() => {
  delivered = [];
  asked = [];
  restarts = 0;
  stream = new RoomStream({
    deliver: ({ id }) => delivered.push(id),
    askAfter: (id) => asked.push(id),
    restarted: () => restarts++,
  });
});

/** A room opened first when its newest message was 10. */
function openedAt10(): void {
  expect(stream.opening()).toBe(0);
  stream.opened(10);
}

describe("a room opened for the first time", () => {
  test("goes on from the newest message", () => {
    openedAt10();
    for (const next of chain([11, 15, 16], 10)) stream.message(next);
    expect(delivered).toEqual([11, 15, 16]);
    expect(asked).toEqual([]);
    expect(restarts).toBe(1);
  });

  test("and empty takes its first message", () => {
    stream.opening();
    stream.opened(0);
    stream.message(message(5, 0));
    expect(delivered).toEqual([5]);
  });

  test("takes nothing before OPENED", () => {
    stream.opening();
    stream.message(message(11, 10));
    expect(delivered).toEqual([]);
  });
});

describe("a message that does not follow the last one seen", () => {
  test("is held until the history before it was fetched", () => {
    openedAt10();
    stream.message(message(13, 12));
    stream.message(message(14, 13));
    expect(delivered).toEqual([]);
    expect(asked).toEqual([10]);
    stream.page(chain([11, 12], 10));
    expect(delivered).toEqual([11, 12, 13, 14]);
    expect(stream.phase).toBe("live");
  });

  test("is dropped where it was seen already", () => {
    openedAt10();
    stream.message(message(11, 10));
    stream.message(message(11, 10));
    stream.message(message(9, 8));
    expect(delivered).toEqual([11]);
    expect(asked).toEqual([]);
  });

  test("comes once although the page brings it too", () => {
    openedAt10();
    stream.message(message(13, 12));
    stream.page(chain([11, 12, 13], 10));
    expect(delivered).toEqual([11, 12, 13]);
  });
});

describe("a GAP", () => {
  test("is paged until its newest message is there, live ones waiting meanwhile", () => {
    openedAt10();
    stream.gap(14);
    stream.message(message(15, 14));
    stream.page(chain([11, 12], 10));
    expect(asked).toEqual([10, 12]);
    expect(delivered).toEqual([11, 12]);
    stream.page(chain([13, 14], 12));
    expect(delivered).toEqual([11, 12, 13, 14, 15]);
    expect(stream.phase).toBe("live");
  });

  test("that grows while it is filled is filled to its new end", () => {
    openedAt10();
    stream.gap(12);
    stream.gap(14);
    stream.page(chain([11, 12], 10));
    expect(asked).toEqual([10, 12]);
    stream.page(chain([13, 14], 12));
    expect(delivered).toEqual([11, 12, 13, 14]);
  });

  test("of messages seen already is nothing", () => {
    openedAt10();
    stream.gap(10);
    expect(asked).toEqual([]);
  });

  test("whose messages do not exist does not ask for ever", () => {
    openedAt10();
    stream.gap(14);
    stream.page([]);
    expect(stream.phase).toBe("live");
    stream.message(message(15, 14));
    expect(delivered).toEqual([15]);
    expect(asked).toEqual([10]);
  });

  test("is asked for again where the server was busy", () => {
    openedAt10();
    stream.gap(12);
    stream.askAgain();
    expect(asked).toEqual([10, 10]);
    stream.page(chain([11, 12], 10));
    stream.askAgain();
    expect(asked).toEqual([10, 10]);
  });

  test("longer than may be held back is fetched to its end", () => {
    openedAt10();
    stream.gap(12);
    const live = chain(
      Array.from({ length: 600 }, (_, index) => 13 + index),
      12,
    );
    for (const next of live) stream.message(next);
    stream.page(chain([11, 12], 10));
    expect(asked).toEqual([10, 12]);
    stream.page(live.slice(0, 400));
    stream.page(live.slice(400));
    expect(delivered).toEqual([11, 12, ...live.map(({ id }) => id)]);
    expect(stream.phase).toBe("live");
  });
});

describe("after a break", () => {
  test("the room resumes after the last message seen", () => {
    openedAt10();
    stream.message(message(11, 10));
    stream.closed();
    stream.message(message(12, 11));
    expect(stream.opening()).toBe(11);
    stream.opened(13);
    for (const next of chain([12, 13], 11)) stream.message(next);
    expect(delivered).toEqual([11, 12, 13]);
    expect(restarts).toBe(1);
  });

  test("a gap that was being filled begins again from what was delivered", () => {
    openedAt10();
    stream.gap(14);
    stream.page(chain([11, 12], 10));
    stream.closed();
    stream.page(chain([13, 14], 12));
    expect(stream.opening()).toBe(12);
    stream.opened(14);
    for (const next of chain([13, 14], 12)) stream.message(next);
    expect(delivered).toEqual([11, 12, 13, 14]);
  });

  test("a room that was empty starts over when it no longer is", () => {
    stream.opening();
    stream.opened(0);
    stream.closed();
    expect(stream.opening()).toBe(0);
    stream.opened(9);
    expect(restarts).toBe(2);
    stream.message(message(10, 9));
    expect(delivered).toEqual([10]);
  });

  test("a server that does not know the last message seen is opened anew", () => {
    openedAt10();
    stream.forget();
    expect(stream.opening()).toBe(0);
    stream.opened(4);
    stream.message(message(5, 4));
    expect(delivered).toEqual([5]);
    expect(restarts).toBe(2);
  });
});
