/** Waits between attempts to connect: doubling, capped, and spread so that not all meet a restarted server at once. */

const FIRST_MS = 500;
const LONGEST_MS = 20_000;

/**
 * How long to wait before attempt number `attempt` (0: the first after a break), milliseconds.
 * `atLeastMs` is what the server asked for; `random` is uniform in 0..1.
 */
export function waitBeforeAttempt(attempt: number, atLeastMs: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  const spread = ceiling / 2 + (random * ceiling) / 2;
  return Math.round(Math.max(spread, atLeastMs * (1 + random / 4)));
}
