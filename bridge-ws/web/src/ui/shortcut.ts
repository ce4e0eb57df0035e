const IS_APPLE = /Mac|iPhone|iPad/.test(navigator.platform);

/** How the shortcut with K is written on this device. */
export const SWITCH_SHORTCUT = IS_APPLE ? "⌘K" : "Ctrl K";

/** Whether `event` is Ctrl (on Apple: Cmd or Ctrl) with the key of that Latin letter, whatever layout is on. */
export function isShortcutKey(event: KeyboardEvent, letter: string): boolean {
  if (event.altKey || event.shiftKey || event.isComposing) return false;
  if (!event.ctrlKey && !(IS_APPLE && event.metaKey)) return false;
  // With a Hangul layout `key` is ㅏ, while `code` names the key itself.
  return event.key.toLowerCase() === letter || event.code === `Key${letter.toUpperCase()}`;
}
