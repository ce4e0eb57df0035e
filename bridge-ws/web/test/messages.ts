import { Kind, Role, type Message } from "../src/protocol/message";

/** A message whose id is `id` and that follows `prevId`; everything else as `rest` says. */
export function message(id: number, prevId: number, rest: Partial<Message> = {}): Message {
  return {
    id,
    prevId,
    room: 7,
    sender: 12,
    device: 1,
    sequence: id,
    text: `message ${id}`,
    reference: 0,
    kind: Kind.Talk,
    role: Role.Member,
    ...rest,
  };
}

/** Messages with these ids, each following the one before; the first follows `prevId`. */
export function chain(ids: readonly number[], prevId = 0): Message[] {
  return ids.map((id, index) => message(id, ids[index - 1] ?? prevId));
}
