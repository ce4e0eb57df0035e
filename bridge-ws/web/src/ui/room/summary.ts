import { moneyDayText } from "../../i18n/dates";
import type { Strings } from "../../i18n/strings";
import { cardOf, chargeChangeOf, reminderOf } from "../../protocol/dues";
import { expenseOf, rulesOf } from "../../protocol/expenses";
import { parsed } from "../../protocol/json";
import { Kind, Role, type Message } from "../../protocol/message";
import { fileOf, isPicture } from "../../protocol/sharedFile";
import type { PeopleView } from "../../room/people";
import type { RoomState } from "../../room/state";
import { hasLine } from "./hasLine";

/** What an event of the room says; null for a message that is no event. */
export function eventText(strings: Strings, message: Message, people: PeopleView, me: number): string | null {
  const { event, room } = strings;
  const name = message.text || (people.members.get(message.reference)?.name ?? room.unknownMember);
  switch (message.kind) {
    case Kind.MemberJoined:
      return event.joined(name);
    case Kind.MemberLeft:
      return event.left(name);
    case Kind.MemberRemoved:
      return event.removed(name);
    case Kind.RoleChanged:
      return message.role === Role.Admin ? event.madeAdmin(name) : event.madeMember(name);
    case Kind.OfficeChanged:
      return officeText(strings, message.role, name);
    case Kind.RoomChanged:
      return event.renamed(message.text);
    case Kind.RoomDeleted:
      return event.deleted;
    case Kind.Money:
      return moneyText(strings, message.text);
    case Kind.Request:
      return strings.dues.requested(cardOf(message)?.title ?? "");
    case Kind.RequestChanged:
      return duesText(strings, message, people, me);
    case Kind.Expense:
    case Kind.ExpenseChanged:
      return expenseText(strings, message);
    case Kind.Enter:
      return message.text;
    default:
      return null;
  }
}

function officeText({ event }: Strings, office: Role, name: string): string {
  if (office === Role.Treasurer) return event.madeTreasurer(name);
  return office === Role.Auditor ? event.madeAuditor(name) : event.noOffice(name);
}

/** What a message says, in words alone. */
export function spokenText(strings: Strings, message: Message): string {
  const file = fileOf(message);
  if (file === null) return message.text;
  return isPicture(file) ? strings.file.picture : strings.file.named(file.name);
}

/** A reminder, in other words to those whom it names, or what became of a charge. */
function duesText(strings: Strings, message: Message, people: PeopleView, me: number): string {
  const reminder = reminderOf(message);
  if (reminder?.users.includes(me) === true) return strings.dues.remindedMe(reminder.title, reminder.due);
  if (reminder !== null) return strings.dues.reminded(reminder.title, reminder.users.length);
  const change = chargeChangeOf(message);
  if (change === null) return "";
  const name = nameOf(strings, people, change.user);
  return strings.dues.changed(name, change.what, strings.dues.won(Math.abs(change.amount)));
}

/** The account of the world outside, from which money comes in. */
const OUTSIDE = 1;

interface Party {
  readonly wallet: number;
  readonly name: string;
}

/** An expense, or what expenses take from now on. */
function expenseText(strings: Strings, message: Message): string {
  const { dues, expenses } = strings;
  const said = expenseOf(message);
  if (said !== null) return expenses.proposed(said.title, dues.won(said.amount), said.inCash === true);
  const rules = rulesOf(message);
  if (rules === null) return "";
  const from = rules.fromMs === undefined ? "" : moneyDayText(strings, rules.fromMs);
  return expenses.rulesChanged(rules.quorum, dues.won(rules.limit), rules.waitDays, from);
}

/** From whom to whom money went; the text is JSON, see PROTOCOL.md. */
function moneyText({ event, dues }: Strings, text: string): string {
  const said = parsed(text) as { amount: number; from?: Party | null; to?: Party | null } | null;
  if (!said?.from || !said.to) return event.moneyMoved;
  const name = (party: Party): string => (party.wallet === OUTSIDE ? dues.outside : party.name);
  return event.money(name(said.from), name(said.to), said.amount);
}

/** A member's name; empty while the members are not loaded yet. */
export function nameOf(strings: Strings, people: PeopleView, user: number): string {
  const known = people.members.get(user)?.name;
  return known ?? (people.loaded ? strings.room.unknownMember : "");
}

/** One line on what last happened in a room, for the list. */
export function summaryOf(strings: Strings, room: RoomState, me: number): string {
  const typists = room.typing.map((user) => nameOf(strings, room.people, user)).filter((name) => name !== "");
  if (typists.length > 0) return strings.room.typing(typists);
  const pending = room.outgoing.at(-1);
  if (pending !== undefined) return strings.message.said(strings.list.you, pending.text);
  const last = room.live.findLast(hasLine);
  if (last === undefined) return room.newestId === 0 ? strings.list.noTalkYet : room.description;
  const event = eventText(strings, last, room.people, me);
  if (event !== null) return event;
  const text = room.withdrawn.has(last.id) ? strings.message.withdrawn : spokenText(strings, last);
  const name = last.sender === me ? strings.list.you : nameOf(strings, room.people, last.sender);
  return name === "" ? text : strings.message.said(name, text);
}
