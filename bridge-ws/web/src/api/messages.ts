import { ask } from "./http";

/** Takes a message back, for everybody: one's own, or as an admin any. */
export async function withdrawMessage(room: number, message: number): Promise<void> {
  await ask("DELETE", `/api/message/${message}?channelId=${room}`);
}
