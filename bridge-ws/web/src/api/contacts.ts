import { ask, fieldsOf, rowsOf, textOf } from "./http";

/** Somebody of the user's address book; the address is what tells contacts apart. */
export interface Contact {
  readonly email: string;
  readonly name: string;
}

/** All contacts, by name. */
export async function contacts(): Promise<Contact[]> {
  return rowsOf(await ask("GET", "/api/contact")).map((row) => ({
    email: textOf(row["email"]),
    name: textOf(row["username"]),
  }));
}

/** Puts the account of that address among the contacts; gives its name. */
export async function addContact(email: string): Promise<string> {
  return textOf(fieldsOf(await ask("POST", "/api/contact", undefined, about(email)))["contactname"]);
}

export async function removeContact(email: string): Promise<void> {
  await ask("DELETE", "/api/contact", undefined, about(email));
}

/** The header that says whom it is about: UTF-8, of which a browser takes only one byte as one character. */
function about(email: string): HeadersInit {
  return { contactEmail: String.fromCharCode(...new TextEncoder().encode(email)) };
}
