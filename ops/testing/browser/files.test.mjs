import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { assertAccessible } from "./axe.mjs";
import { startBrowser } from "./browser.mjs";
import { twoInRoom } from "./person.mjs";

/** Files from one person to another. The tests follow one another: each goes on where the one before ended. */

const ROOM = `사진 동호회 ${crypto.randomUUID().slice(0, 8)}`;

let browser;
let minji;
let chulsoo;

before(async () => {
  browser = await startBrowser();
  [minji, chulsoo] = await twoInRoom(browser, ["김민지", "박철수"], ROOM);
});

after(async () => {
  await browser?.close();
});

const picture = (person, name) => person.page.getByRole("log").getByRole("img", { name });
const uploads = (person) => person.page.locator("[data-upload]");

/** A picture of the page itself: bytes that a camera could have made. */
const photo = (person) => person.page.screenshot({ clip: { x: 0, y: 0, width: 200, height: 300 } });

/** Waits until the picture is drawn; gives the size of its place and the picture's own. */
async function seen(image) {
  await image.scrollIntoViewIfNeeded();
  return image.evaluate(async (element) => {
    await element.decode();
    const { width, height } = element.getBoundingClientRect();
    return { place: [Math.round(width), Math.round(height)], own: [element.naturalWidth, element.naturalHeight] };
  });
}

test("a picture that one chooses is seen by the other, in a place that is kept from the beginning", async () => {
  const buffer = await photo(minji);
  await minji.page.locator("input[type=file]").setInputFiles({ name: "정상에서.png", mimeType: "image/png", buffer });
  await uploads(minji).waitFor({ state: "detached" });
  for (const person of [minji, chulsoo]) {
    await picture(person, "정상에서.png").waitFor();
    assert.deepEqual(await seen(picture(person, "정상에서.png")), { place: [260, 195], own: [200, 300] });
  }
  await assertAccessible(chulsoo.page, "a room with a picture");
});

test("a picture that is pasted, and a document that is dropped, arrive too", async () => {
  const bytes = [...(await photo(minji))];
  const drop = (type, name, mime, data) =>
    minji.page.evaluate(
      ([type, name, mime, data]) => {
        const held = new DataTransfer();
        held.items.add(new File([new Uint8Array(data)], name, { type: mime }));
        const target = document.getElementById("composer");
        if (type === "paste") {
          target.dispatchEvent(new ClipboardEvent("paste", { clipboardData: held, bubbles: true, cancelable: true }));
          return;
        }
        for (const name of ["dragenter", "dragover", "drop"]) {
          target.dispatchEvent(new DragEvent(name, { dataTransfer: held, bubbles: true, cancelable: true }));
        }
      },
      [type, name, mime, data],
    );
  await drop("paste", "붙인 사진.png", "image/png", bytes);
  await picture(chulsoo, "붙인 사진.png").waitFor();
  await drop("drop", "회칙.txt", "text/plain", [...Buffer.from("제1조 회비는 매달 낸다")]);
  await chulsoo.page.getByRole("link", { name: "회칙.txt 내려받기" }).waitFor();
  assert.equal(await minji.composer.inputValue(), "");
});

test("a document is fetched as it was sent", async () => {
  const fetched = chulsoo.page.waitForEvent("download");
  await chulsoo.page.getByRole("link", { name: "회칙.txt 내려받기" }).click();
  const download = await fetched;
  assert.equal(download.suggestedFilename(), "회칙.txt");
  assert.equal(await readFile(await download.path(), "utf8"), "제1조 회비는 매달 낸다");
});

test("what calls itself a picture and is a page is neither shown nor run", async () => {
  const buffer = Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' onload='globalThis.ran = true'/>");
  await minji.page.locator("input[type=file]").setInputFiles({ name: "그림.svg", mimeType: "image/svg+xml", buffer });
  await chulsoo.page.getByRole("link", { name: "그림.svg 내려받기" }).waitFor();
  assert.equal(await picture(chulsoo, "그림.svg").count(), 0);
});

test("how far a file is stands beside it, and it can be called back", async () => {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await minji.page.route("**/api/file", async (route) => {
    await held;
    // The page has called it back by then.
    await route.abort().catch(() => {});
  });
  const buffer = Buffer.alloc(64 * 1024, "가");
  await minji.page.locator("input[type=file]").setInputFiles({ name: "긴 글.txt", mimeType: "text/plain", buffer });
  await uploads(minji).getByRole("progressbar", { name: "긴 글.txt 보내는 중" }).waitFor();
  await assertAccessible(minji.page, "a file on its way");
  await uploads(minji).getByRole("button", { name: "취소" }).click();
  await uploads(minji).waitFor({ state: "detached" });
  release();
  await minji.page.unroute("**/api/file");
});

test("a file that did not get through says so and is sent again by a press", async () => {
  await minji.page.route("**/api/file", (route) => route.abort());
  const buffer = Buffer.from("영수증");
  await minji.page.locator("input[type=file]").setInputFiles({ name: "영수증.txt", mimeType: "text/plain", buffer });
  await uploads(minji).getByText("서버가 대답하지 않아요.").waitFor();
  await minji.page.unroute("**/api/file");
  await uploads(minji).getByRole("button", { name: "다시 보내기" }).click();
  await chulsoo.page.getByRole("link", { name: "영수증.txt 내려받기" }).waitFor();
  await uploads(minji).waitFor({ state: "detached" });
});

test("a deleted file is gone at both, and its bytes are nobody's any more", async () => {
  const href = await picture(chulsoo, "정상에서.png").getAttribute("src");
  const status = () => chulsoo.page.evaluate(async (path) => (await fetch(path)).status, href);
  assert.equal(await status(), 200);
  const message = minji.page
    .locator("[data-message]")
    .filter({ has: minji.page.getByRole("img") })
    .first();
  await message.hover();
  await message.getByRole("button", { name: "삭제" }).click();
  await minji.page.getByRole("dialog").getByRole("button", { name: "삭제" }).click();
  for (const person of [minji, chulsoo]) await picture(person, "정상에서.png").waitFor({ state: "detached" });
  // What is taken back reaches the store, which is asked for the bytes, a moment after the room.
  await chulsoo.page.waitForFunction(async (path) => (await fetch(path)).status === 400, href);
});

test("nothing went wrong unseen", () => {
  assert.deepEqual([...minji.faults, ...chulsoo.faults], []);
});
