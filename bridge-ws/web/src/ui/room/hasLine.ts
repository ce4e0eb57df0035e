import { isQuiet } from "../../protocol/dues";
import { isQuietExpense } from "../../protocol/expenses";
import { isShown, type Message } from "../../protocol/message";

/** Whether a message is a line of its own among the others, and does not only change a card. */
export function hasLine(message: Message): boolean {
  return isShown(message) && !isQuiet(message) && !isQuietExpense(message);
}
