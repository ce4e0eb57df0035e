import type { ReactNode } from "react";

/** 모임, sewn from strips: each letter's frame in its own dye, the strokes between them in ink. */
export function Wordmark({ height, label }: { height: number; label: string }): ReactNode {
  return (
    <svg height={height} width={(height * 92) / 50} viewBox="0 0 92 50" role="img" aria-label={label} fill="none">
      <g stroke="var(--ink)" strokeWidth="6.5" strokeLinecap="round">
        <path d="M20.5 29v10M4.5 42.5h32" />
        <path d="M81.5 5v19" />
      </g>
      <rect x="8.5" y="6.5" width="24" height="16" rx="2" stroke="var(--dye-persimmon)" strokeWidth="6.5" />
      <circle cx="60" cy="14.5" r="8.5" stroke="var(--dye-gardenia)" strokeWidth="6.5" />
      <rect x="54" y="32.5" width="27.5" height="11" rx="2" stroke="var(--dye-rose)" strokeWidth="6.5" />
    </svg>
  );
}
