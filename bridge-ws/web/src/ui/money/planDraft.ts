import type { AmountKind, Plan, Repeat, Terms } from "../../api/dues";

const DAY_MS = 86_400_000;

/** A plan's fields as they are typed. */
export interface Draft {
  title: string;
  kind: AmountKind;
  amount: string;
  tiers: { name: string; amount: string }[];
  members: ReadonlyMap<number, { amount: string; tier: string; exempt: string }>;
  firstDue: string;
  repeat: Repeat;
  weeks: string;
  askDays: string;
  graceDays: string;
  lateFee: string;
}

/** Nothing is different for a member. */
export const NOTHING = { amount: "", tier: "", exempt: "" };

/** The fields of a plan, or of a new one. */
export function draftOf(plan: Plan | null): Draft {
  // Days are those of Seoul.
  const today = new Date(Date.now() + 9 * 3_600_000);
  const terms = plan?.terms;
  const members = new Map<number, typeof NOTHING>();
  for (const { user, amount, tier, exempt } of terms?.members ?? []) {
    members.set(user, {
      amount: amount === null || amount === undefined ? "" : String(amount),
      tier: tier === null || tier === undefined ? "" : String(tier),
      exempt: exempt ?? "",
    });
  }
  return {
    title: terms?.title ?? "",
    kind: terms?.amountKind ?? "equal",
    amount: terms === undefined ? "" : String(terms.amount),
    tiers: (terms?.tiers ?? []).map(({ name, amount }) => ({ name, amount: String(amount) })),
    members,
    // The day that is next, not the first: sent back as it is, with the same rhythm, it keeps what the plan began with.
    firstDue: plan?.nextDue ?? new Date(today.getTime() + 7 * DAY_MS).toISOString().slice(0, 10),
    repeat: terms?.repeat ?? "monthly",
    weeks: String(terms?.weeks || 2),
    askDays: String(terms?.askDays ?? 7),
    graceDays: String(terms?.graceDays ?? 3),
    lateFee: String(terms?.lateFee ?? 0),
  };
}

/** What the fields ask. */
export function termsOf(draft: Draft): Terms {
  const members = [...draft.members].map(([user, { amount, tier, exempt }]) => ({
    user,
    amount: draft.kind === "own" && amount !== "" ? Number(amount) : null,
    tier: draft.kind === "tiers" && tier !== "" ? Number(tier) : null,
    exempt: exempt.trim() === "" ? null : exempt.trim(),
  }));
  return {
    title: draft.title.trim(),
    amountKind: draft.kind,
    amount: draft.kind === "tiers" ? 0 : Number(draft.amount),
    tiers: draft.kind === "tiers" ? draft.tiers.map(({ name, amount }) => ({ name, amount: Number(amount) })) : [],
    members: members.filter(({ amount, tier, exempt }) => amount !== null || tier !== null || exempt !== null),
    firstDue: draft.firstDue,
    repeat: draft.repeat,
    weeks: draft.repeat === "weekly" ? Number(draft.weeks) : 0,
    askDays: Number(draft.askDays),
    graceDays: Number(draft.graceDays),
    lateFee: Number(draft.lateFee),
  };
}
