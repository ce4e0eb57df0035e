import { Role } from "../protocol/message";
import type { RoomEntry } from "../room/state";
import { ask, fieldsOf, numberOf, rowsOf, textOf } from "./http";

/** Rooms of one page of the listing, as the server gives them unasked. */
const PAGE_ROWS = 500;

/** The user's rooms. */
export async function myRooms(): Promise<RoomEntry[]> {
  const rooms: RoomEntry[] = [];
  for (;;) {
    const page = rowsOf(await ask("GET", `/api/v1/rooms?after=${rooms.at(-1)?.id ?? 0}`)).map(entryOf);
    rooms.push(...page);
    if (page.length < PAGE_ROWS) return rooms;
  }
}

export interface NewRoom {
  readonly name: string;
  readonly description: string;
  readonly private: boolean;
  /** Of a private room; else empty. */
  readonly password: string;
}

/** Creates a room; gives its id. */
export async function createRoom(room: NewRoom): Promise<number> {
  return numberOf(fieldsOf(await ask("POST", "/api/v1/rooms", room))["id"]);
}

/** A room that a search found, as those outside may see it. */
export interface FoundRoom {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly private: boolean;
  readonly members: number;
}

export async function findRooms(keyword: string): Promise<FoundRoom[]> {
  const answer = await ask("GET", `/api/channel/search?keyword=${encodeURIComponent(keyword)}`);
  return rowsOf(answer).map((row) => ({
    id: numberOf(row["channelId"]),
    name: textOf(row["channelName"]),
    description: textOf(row["channelDescription"]),
    private: row["isPrivate"] === true,
    members: numberOf(row["userCount"]),
  }));
}

/** The password, of a private room, travels in the body: addresses end up in logs. */
export async function joinRoom(room: number, password: string): Promise<void> {
  await ask("POST", `/api/v1/rooms/${room}/join`, { password });
}

export async function leaveRoom(room: number): Promise<void> {
  await ask("DELETE", `/api/v1/rooms/${room}/membership`);
}

/** Ids of the user's rooms: cheap to ask for again and again. */
export async function myRoomIds(): Promise<number[]> {
  return rowsOf(await ask("GET", "/api/channel")).map((row) => numberOf(row["channelId"]));
}

/** Brings the account of that address into a room; any member may. */
export async function invite(room: number, email: string): Promise<void> {
  await ask("POST", `/api/v1/rooms/${room}/members`, { email });
}

/** Removes a member; admins may. */
export async function removeMember(room: number, user: number): Promise<void> {
  await ask("DELETE", `/api/channel/${room}/user/${user}`);
}

/** Gives a member an office, or with `Role.Member` takes his. */
export async function setOffice(room: number, user: number, office: Role): Promise<void> {
  const path = `/api/v1/rooms/${room}/offices/${user}`;
  if (office === Role.Member) await ask("DELETE", path);
  else await ask("PUT", path, { office: office === Role.Treasurer ? "TREASURER" : "AUDITOR" });
}

/** Replaces name and description; admins may. */
export async function changeRoom(room: number, channelName: string, channelDescription: string): Promise<void> {
  await ask("PUT", `/api/channel/${room}`, { channelName, channelDescription });
}

/** Deletes a room with all that was said in it; admins may. */
export async function deleteRoom(room: number): Promise<void> {
  await ask("DELETE", `/api/channel/${room}`);
}

function entryOf(row: Record<string, unknown>): RoomEntry {
  return {
    id: numberOf(row["id"]),
    name: textOf(row["name"]),
    description: textOf(row["description"]),
    role: row["role"] === "ADMIN" ? Role.Admin : Role.Member,
    private: row["private"] === true,
    members: numberOf(row["members"]),
    readMark: numberOf(row["readMark"]),
    unread: numberOf(row["unread"]),
    newestId: numberOf(row["newestId"]),
  };
}
