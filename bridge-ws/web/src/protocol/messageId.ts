/**
 * Message ids are 53 bits, so a JS number holds them: milliseconds since 2025-01-01 UTC times 4096, plus a counter.
 * They pass 32 bits at once, so the arithmetic here must never use bit operators.
 */
const EPOCH_UNIX_MS = 1_735_689_600_000;
const COUNTER_STEPS = 4096;

/** The instant that the id was given at, Unix milliseconds. */
export function unixMsOf(id: number): number {
  return Math.floor(id / COUNTER_STEPS) + EPOCH_UNIX_MS;
}

/** The first id of an instant (Unix milliseconds). */
export function idAt(unixMs: number): number {
  return Math.max(0, unixMs - EPOCH_UNIX_MS) * COUNTER_STEPS;
}
