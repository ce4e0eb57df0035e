import { ApiError, ask, fieldsOf, numberOf, textOf } from "./http";

/** Who is logged in. */
export interface Me {
  readonly id: number;
  readonly email: string;
  readonly name: string;
}

/** Who the cookie says we are; null: nobody is logged in. */
export async function whoAmI(): Promise<Me | null> {
  try {
    const fields = fieldsOf(await ask("GET", "/api/v1/me"));
    return {
      id: numberOf(fields["id"]),
      email: textOf(fields["email"]),
      name: textOf(fields["username"]),
    };
  } catch (fault) {
    if (fault instanceof ApiError && fault.status === 401) return null;
    throw fault;
  }
}

/** Signs up and logs in at once; the answer sets the cookie that every later request and the WebSocket carry. */
export async function signUp(email: string, username: string, password: string): Promise<void> {
  await ask("POST", "/api/v1/signup", { email, username, password });
}

/** As sign-up, of somebody who is known. */
export async function logIn(email: string, password: string): Promise<void> {
  await ask("POST", "/api/v1/login", { email, password });
}

export async function logOut(): Promise<void> {
  await ask("GET", "/api/user/logout");
}

/** Replaces all three. Every login of the account ends, the asking one too. */
export async function changeAccount(email: string, username: string, password: string): Promise<void> {
  await ask("PUT", "/api/user", { email, username, password });
}

/** Deletes the account; it leaves its rooms, and its messages keep a neutral name. */
export async function deleteAccount(): Promise<void> {
  await ask("DELETE", "/api/user");
}
