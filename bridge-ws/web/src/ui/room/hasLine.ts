import { isQuiet } from "../../protocol/dues";
import { isQuietExpense } from "../../protocol/expenses";
import { isShown, type Message } from "../../protocol/message";

/** Whether a message is a line of its own among the others, and does not only change a card. */
export function hasLine(message: Message): boolean {
  return isShown(message) && !isQuiet(message) && !isQuietExpense(message);
}

/** The newest message that is to be read out; one that only changes a card leaves standing what was said before it. */
export function newestToSay(messages: readonly Message[]): Message | undefined {
  // One that is not shown is to be heard of, too: it may have deleted what was said.
  return messages.findLast((message) => !isShown(message) || hasLine(message));
}
