import { beforeEach, expect, test } from "vitest";
import { Kind, Role } from "../src/protocol/message";
import { People } from "../src/room/people";
import { message } from "./messages";

const [HOST, GUEST, THIRD, GONE] = [1, 2, 3, 4];
let people: People;

beforeEach(() => {
  people = new People();
  people.page(
    [
      { user: HOST, name: "김영희", role: Role.Admin, readMark: 20, left: false, office: Role.Member },
      { user: GUEST, name: "박철수", role: Role.Member, readMark: 10, left: false, office: Role.Member },
    ],
    false,
  );
  people.page(
    [
      { user: THIRD, name: "이순자", role: Role.Member, readMark: 0, left: false, office: Role.Member },
      { user: GONE, name: "최민호", role: Role.Member, readMark: 0, left: true, office: Role.Member },
    ],
    true,
  );
});

const unread = (id: number, sender: number): number => people.view.unreadOf(message(id, 0, { sender }));

test("counts present members other than the sender whose mark lies below", () => {
  expect(unread(15, HOST)).toBe(2);
  expect(unread(10, HOST)).toBe(1);
  expect(unread(15, GUEST)).toBe(1);
  expect(unread(15, GONE)).toBe(2);
});

test("falls live as marks rise, and never rises again", () => {
  people.readMark(GUEST, 15);
  expect(unread(15, HOST)).toBe(1);
  people.readMark(THIRD, 15);
  people.readMark(THIRD, 3);
  expect(unread(15, HOST)).toBe(0);
});

test("a page that is older than a live mark does not take it back", () => {
  people.readMark(GUEST, 15);
  people.page([{ user: GUEST, name: "박철수", role: Role.Member, readMark: 10, left: false, office: Role.Member }], true);
  expect(unread(15, HOST)).toBe(1);
});

test("who joins has nothing to catch up on, and who leaves is waited for no more", () => {
  people.message(message(30, 20, { kind: Kind.MemberJoined, reference: 9, text: "정다은", sender: 9, device: 0 }));
  expect(unread(25, HOST)).toBe(2);
  expect(unread(31, HOST)).toBe(3);
  people.message(
    message(32, 30, { kind: Kind.MemberLeft, reference: THIRD, text: "이순자", sender: THIRD, device: 0 }),
  );
  expect(unread(31, HOST)).toBe(2);
  expect(people.view.members.get(THIRD)?.name).toBe("이순자");
});

test("who speaks has read what he answers to", () => {
  people.message(message(40, 30, { sender: GUEST }));
  expect(unread(35, HOST)).toBe(1);
});

test("roles follow their events", () => {
  people.message(message(41, 40, { kind: Kind.RoleChanged, reference: GUEST, role: Role.Admin, device: 0 }));
  expect(people.view.members.get(GUEST)?.role).toBe(Role.Admin);
});

test("offices follow their events and end with membership", () => {
  const office = () => people.view.members.get(GUEST)?.office;
  people.message(message(41, 40, { kind: Kind.OfficeChanged, reference: GUEST, role: Role.Treasurer, device: 0 }));
  expect([office(), people.view.members.get(GUEST)?.role]).toEqual([Role.Treasurer, Role.Member]);
  people.message(message(42, 41, { kind: Kind.MemberRemoved, reference: GUEST, device: 0 }));
  expect(office()).toBe(Role.Member);
});
