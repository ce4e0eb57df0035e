import { ApiError } from "../api/http";
import { errorCodeName } from "../protocol/errorCode";
import type { Refusal } from "../room/outbox";
import { FAULTS, type Fault, type Strings } from "./strings";

const KNOWN: ReadonlySet<string> = new Set(FAULTS);

/** What to tell the user about a REST call that failed. */
export function faultText(strings: Strings, fault: unknown): string {
  if (!(fault instanceof ApiError)) return strings.fault.Unexpected;
  return strings.fault[known(fault.fault) ?? byStatus(fault.status)];
}

/** What to tell the user about a message that the server did not take. */
export function refusalText(strings: Strings, refusal: Refusal): string {
  if (refusal.code === "busy") return strings.fault.Busy;
  return strings.fault[known(errorCodeName(refusal.code) ?? "") ?? "Unexpected"];
}

function known(name: string): Fault | null {
  return KNOWN.has(name) ? (name as Fault) : null;
}

function byStatus(status: number): Fault {
  // Without a name of the server's: it did not answer, or what stands before it did.
  if (status === 0 || status >= 502) return "NoAnswer";
  if (status === 401) return "TokenInvalid";
  if (status === 403) return "NotAllowed";
  if (status === 404) return "NoSuchRoom";
  if (status === 429) return "TooManyAttempts";
  return status >= 500 ? "Unexpected" : "InvalidField";
}
