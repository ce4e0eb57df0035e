import { createContext, use } from "react";
import type { App } from "../session/app";
import type { Session } from "../session/session";

const AppContext = createContext<App | null>(null);
const SessionContext = createContext<Session | null>(null);

export const AppProvider = AppContext;
export const SessionProvider = SessionContext;

export function useApp(): App {
  return present(use(AppContext));
}

/** The session; only for what is shown to a logged-in user. */
export function useSession(): Session {
  return present(use(SessionContext));
}

function present<T>(value: T | null): T {
  if (value === null) throw new Error("used outside of its provider");
  return value;
}
