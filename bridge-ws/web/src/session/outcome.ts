/** How a login by a provider ended, by the server's name for it. */
export const OUTCOMES = [
  "in",
  "connected",
  "Busy",
  "Unreachable",
  "Slow",
  "Denied",
  "Stale",
  "Code",
  "Untrue",
  "NoVerifiedEmail",
  "EmailTaken",
  "ExternalTaken",
  "Failed",
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** What the page's address says of a login that came back, null: it did not come back from one. */
export function outcomeOf(search: string): Outcome | null {
  const said = new URLSearchParams(search).get("oauth");
  if (said === null) return null;
  return OUTCOMES.find((outcome) => outcome === said) ?? "Failed";
}

/** The same of the address now, which forgets it: a reload is no second login. */
export function takeOutcome(): Outcome | null {
  const outcome = outcomeOf(location.search);
  if (outcome !== null) history.replaceState(null, "", location.pathname + location.hash);
  return outcome;
}
