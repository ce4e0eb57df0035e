/** What the server answered instead of what was asked for; `status` 0: it did not answer at all. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    /** The server's name for the fault, such as `EmailTaken`; empty where it gave none. */
    readonly fault: string,
    message: string,
  ) {
    super(message);
  }
}

/** By which the server knows a request again that is sent twice. */
export const newKey = (): string => crypto.randomUUID();
export const keyed = (key: string): HeadersInit => ({ "idempotency-key": key });

/** Longer than the server takes to answer anything; whoever waits is told that no answer came. */
const ANSWER_MS_MAX = 30_000;

type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Asks the server; the login travels in an HttpOnly cookie. Gives the answer's JSON, null where it has none. */
export async function ask(method: Method, path: string, body?: object, extra?: HeadersInit): Promise<unknown> {
  const { response, text } = await reach(method, path, body, extra);
  const answer = parsed(text);
  if (response.ok) return answer;
  throw refusalOf(response.status, answer, response.statusText);
}

/** What a refusal says; `otherwise` where it does not say it itself. */
export function refusalOf(status: number, answer: unknown, otherwise: string): ApiError {
  const { exceptionName, message } = fieldsOf(answer);
  return new ApiError(
    status,
    typeof exceptionName === "string" ? exceptionName : "",
    typeof message === "string" ? message : otherwise,
  );
}

async function reach(
  method: Method,
  path: string,
  body: object | undefined,
  extra: HeadersInit | undefined,
): Promise<{ response: Response; text: string }> {
  const headers = new Headers(extra);
  headers.set("accept", "application/json");
  if (body !== undefined) headers.set("content-type", "application/json");
  try {
    const response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { response, text: await response.text() };
  } catch (fault) {
    throw new ApiError(0, "", fault instanceof Error ? fault.message : "no answer");
  }
}

/** An answer's JSON, or its text where it is none. */
export function parsed(text: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    // Confirmations of the original interface are plain text.
    return text;
  }
}

/** The fields of an answer, none where it is no object. */
export function fieldsOf(answer: unknown): Record<string, unknown> {
  return typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>) : {};
}

/** The objects of an answer that is a list. */
export function rowsOf(answer: unknown): Record<string, unknown>[] {
  return Array.isArray(answer) ? answer.map(fieldsOf) : [];
}

/** A field as text; empty where it is absent. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** A field as a number, whether it came as one or as digits; 0 where it is absent. */
export function numberOf(value: unknown): number {
  const number = typeof value === "string" || typeof value === "number" ? Number(value) : 0;
  return Number.isSafeInteger(number) ? number : 0;
}

/** Rows of one answer of a list that pages from the newest on; fewer are the last. */
export const LIST_PAGE = 100;

/** The query of such a list's page. */
export const beforeThat = (before: number | undefined): string => (before === undefined ? "" : `?before=${before}`);
