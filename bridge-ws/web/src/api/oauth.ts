import { ask, fieldsOf, rowsOf, textOf } from "./http";

/** Somebody else who may say who one is. */
export interface Provider {
  readonly id: string;
  readonly name: string;
}

/** How one gets into one's account. */
export interface WaysIn {
  readonly hasPassword: boolean;
  readonly providers: readonly (Provider & { readonly connected: boolean })[];
}

/** The providers that one may log in by. */
export async function providers(): Promise<Provider[]> {
  return rowsOf(await ask("GET", "/api/v1/oauth")).map(providerOf);
}

/** Where a login by a provider begins; the browser goes there, and comes back to the page with the outcome. */
export function loginHref({ id }: Provider): string {
  return `/api/v1/oauth/${id}/login`;
}

export async function waysIn(): Promise<WaysIn> {
  const fields = fieldsOf(await ask("GET", "/api/v1/me/oauth"));
  const connection = (row: Record<string, unknown>) => ({ ...providerOf(row), connected: row["connected"] === true });
  return { hasPassword: fields["hasPassword"] === true, providers: rowsOf(fields["providers"]).map(connection) };
}

/** Begins to connect one's account with the provider's, proved by the password where there is one; gives where the browser is to go. */
export async function connect({ id }: Provider, password: string): Promise<string> {
  return textOf(fieldsOf(await ask("POST", `/api/v1/me/oauth/${id}`, { password }))["location"]);
}

export async function disconnect({ id }: Provider): Promise<void> {
  await ask("DELETE", `/api/v1/me/oauth/${id}`);
}

function providerOf(row: Record<string, unknown>): Provider {
  return { id: textOf(row["id"]), name: textOf(row["name"]) };
}
