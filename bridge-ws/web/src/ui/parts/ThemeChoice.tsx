import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { useTheme } from "../theme";
import { Choice } from "./Choice";

export function ThemeChoice(): ReactNode {
  const strings = useStrings();
  const [theme, choose] = useTheme();
  return (
    <Choice
      legend={strings.menu.theme}
      options={[
        { value: "auto", label: strings.menu.themeAuto },
        { value: "light", label: strings.menu.themeLight },
        { value: "dark", label: strings.menu.themeDark },
      ]}
      value={theme}
      onChange={choose}
    />
  );
}
