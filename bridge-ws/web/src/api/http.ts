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

type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Asks the server; the login travels in an HttpOnly cookie. Gives the answer's JSON, null where it has none. */
export async function ask(method: Method, path: string, body?: object): Promise<unknown> {
  const response = await reach(method, path, body);
  const answer = await readJson(response);
  if (response.ok) return answer;
  const { exceptionName, message } = fieldsOf(answer);
  throw new ApiError(
    response.status,
    typeof exceptionName === "string" ? exceptionName : "",
    typeof message === "string" ? message : response.statusText,
  );
}

async function reach(method: Method, path: string, body: object | undefined): Promise<Response> {
  const headers = new Headers({ accept: "application/json" });
  if (body !== undefined) headers.set("content-type", "application/json");
  try {
    return await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (fault) {
    throw new ApiError(0, "", fault instanceof Error ? fault.message : "no answer");
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
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
