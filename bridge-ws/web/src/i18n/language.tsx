import { createContext, use, useEffect, type ReactNode } from "react";
import { Store, useStore } from "../store/store";
import { readSetting, writeSetting } from "../store/settings";
import { en } from "./en";
import { ko } from "./ko";
import type { Strings } from "./strings";

export const LANGUAGES = { ko, en } as const satisfies Record<string, Strings>;
export type Language = keyof typeof LANGUAGES;

/** Korean until somebody chooses otherwise: that is whom the page is for. */
const chosen = new Store<Language>(readSetting("language") === "en" ? "en" : "ko");
const Current = createContext<Strings>(ko);

export function useLanguage(): [Language, (language: Language) => void] {
  return [useStore(chosen, (language) => language), choose];
}

function choose(language: Language): void {
  writeSetting("language", language);
  chosen.set(language);
}

/** The texts of the chosen language. */
export function useStrings(): Strings {
  return use(Current);
}

export function LanguageProvider({ children }: { children: ReactNode }): ReactNode {
  const [language] = useLanguage();
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return <Current value={LANGUAGES[language]}>{children}</Current>;
}
