import { Kind, Role, type Message as MessageTable } from "../generated/moim";

export { Kind, Role };

/** One message of a room, as plain values. Ids are numbers: 53 bits by the protocol's promise. */
export interface Message {
  readonly id: number;
  /** Id of the room's message before this one; 0: this is the first. */
  readonly prevId: number;
  readonly room: number;
  /** User id; 0: the system. */
  readonly sender: number;
  /** Of the sender; 0: the room's own event. */
  readonly device: number;
  readonly sequence: number;
  readonly text: string;
  /** By kind: the quoted or withdrawn message's id, or a member's user id. */
  readonly reference: number;
  readonly kind: Kind;
  /** Of RoleChanged alone. */
  readonly role: Role;
}

/** Kinds from here on are events of the room itself, not talk. */
const FIRST_EVENT_KIND = 16;

/** Whether somebody said it, as opposed to something that happened to the room or to another message. */
export function isTalk(message: Message): boolean {
  return message.kind < FIRST_EVENT_KIND && message.kind !== Kind.Delete && message.kind !== Kind.Enter;
}

export function messageOf(table: MessageTable): Message {
  const head = table.head();
  if (head === null) throw new RangeError("a MESSAGE without its head");
  return {
    id: Number(head.id()),
    prevId: Number(head.prevId()),
    room: head.room(),
    sender: head.sender(),
    device: head.device(),
    sequence: head.sequence(),
    text: table.text() ?? "",
    reference: Number(table.reference()),
    kind: table.kind(),
    role: table.role(),
  };
}
