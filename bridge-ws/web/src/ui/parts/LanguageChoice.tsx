import type { ReactNode } from "react";
import { LANGUAGES, useLanguage, useStrings, type Language } from "../../i18n/language";
import { Choice } from "./Choice";

const OPTIONS = (Object.keys(LANGUAGES) as Language[]).map((value) => ({
  value,
  label: LANGUAGES[value].language,
  lang: value,
}));

/** Each language under its own name, so that nobody has to read another one to find it. */
export function LanguageChoice({ hideLegend = false }: { hideLegend?: boolean }): ReactNode {
  const strings = useStrings();
  const [language, choose] = useLanguage();
  return (
    <Choice
      legend={strings.menu.language}
      hideLegend={hideLegend}
      options={OPTIONS}
      value={language}
      onChange={choose}
    />
  );
}
