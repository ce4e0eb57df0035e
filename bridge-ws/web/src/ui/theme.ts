import { readSetting, writeSetting } from "../store/settings";
import { Store, useStore } from "../store/store";

/** "auto" follows the device. */
export type Theme = "auto" | "light" | "dark";

const chosen = new Store<Theme>(kept());

export function useTheme(): [Theme, (theme: Theme) => void] {
  return [useStore(chosen, (theme) => theme), choose];
}

function kept(): Theme {
  const theme = readSetting("theme");
  return theme === "light" || theme === "dark" ? theme : "auto";
}

function choose(theme: Theme): void {
  writeSetting("theme", theme);
  chosen.set(theme);
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
