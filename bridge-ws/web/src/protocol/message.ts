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
  /** Of RoleChanged, and of OfficeChanged: the office, or Member for none. */
  readonly role: Role;
}

/** What the server keeps of a message that was taken back: a Delete that names itself, in the message's own place. */
export function isRemains({ kind, id, reference }: Message): boolean {
  return kind === Kind.Delete && reference === id;
}

const SAID: ReadonlySet<Kind> = new Set([Kind.Talk, Kind.Reply, Kind.Notice, Kind.File]);

/** Whether somebody said it, as opposed to something that happened to the room or to another message. */
export function isTalk(message: Message): boolean {
  const { kind } = message;
  return SAID.has(kind) || isRemains(message);
}

/** Whether it is to be seen at all. A kind that a newer server knows cannot be shown, but still takes its place. */
export function isShown(message: Message): boolean {
  return (message.kind !== Kind.Delete && Kind[message.kind] !== undefined) || isRemains(message);
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
