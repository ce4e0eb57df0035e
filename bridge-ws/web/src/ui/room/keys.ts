import type { KeyboardEvent } from "react";

/** The key that browsers report while an input method has the keyboard. */
const INPUT_METHOD_KEY = 229;

/**
 * Whether a key belongs to an input method's composition. Safari ends the composition before it reports the Enter that
 * ended it, so the flag alone is not enough.
 */
export function isComposing(event: KeyboardEvent): boolean {
  return event.nativeEvent.isComposing || event.keyCode === INPUT_METHOD_KEY;
}

/** Enter alone says it; with Shift it breaks the line. */
export function endsLine(event: KeyboardEvent): boolean {
  return event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey;
}
