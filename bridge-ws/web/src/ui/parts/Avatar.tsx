import { memo, type ReactNode } from "react";
import "./avatar.css";

/** Pairs of dye and ink that keep a contrast of 4.5. */
const TINTS = [
  ["#dbe4f4", "#2b4478"],
  ["#fbdcc6", "#7a3d16"],
  ["#f8d9d8", "#8a2840"],
  ["#f8e4b4", "#6a4a05"],
  ["#d9e5d0", "#3d5a2c"],
  ["#e5d9ea", "#573864"],
  ["#d6e8ea", "#1f5560"],
  ["#efe3d1", "#5d4a2e"],
] as const;

/** A member's initials on his own tint. `here`: true shows a dot for present. */
export const Avatar = memo(function Avatar({
  user,
  name,
  size,
  here = false,
}: {
  user: number;
  name: string;
  size: number;
  here?: boolean;
}): ReactNode {
  const [ground, ink] = TINTS[(user * 5 + 3) % TINTS.length] ?? TINTS[0];
  const initials = initialsOf(name);
  return (
    <span className="avatar" style={{ width: size, height: size, background: ground, color: ink }} aria-hidden="true">
      <span style={{ fontSize: size * (initials.length > 1 ? 0.35 : 0.44) }}>{initials}</span>
      {here && <span className="avatar-here" />}
    </span>
  );
});

/** How Koreans shorten a name: the given name's two syllables; of other names the first letter. */
function initialsOf(name: string): string {
  const letters = [...name.trim()];
  const isKorean = letters.length > 0 && letters.every((letter) => /\p{Script=Hangul}/u.test(letter));
  if (isKorean && letters.length >= 2 && letters.length <= 4) return letters.slice(-2).join("");
  return (letters[0] ?? "?").toUpperCase();
}
