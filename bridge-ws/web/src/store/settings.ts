/** Choices that outlive a reload. Storage may be forbidden (private windows); the page works without. */
type Setting = "language" | "theme" | "notices";

export function readSetting(name: Setting): string | null {
  try {
    return localStorage.getItem(`moim.${name}`);
  } catch {
    return null;
  }
}

export function writeSetting(name: Setting, value: string): void {
  try {
    localStorage.setItem(`moim.${name}`, value);
  } catch {
    // The choice then lasts as long as the page.
  }
}
