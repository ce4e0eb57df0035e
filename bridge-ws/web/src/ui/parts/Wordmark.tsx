import type { ReactNode } from "react";

/** 모임, built of pieces: two squares, a round one and the strokes between them. */
export function Wordmark({ height, label }: { height: number; label: string }): ReactNode {
  return (
    <svg height={height} width={(height * 92) / 50} viewBox="0 0 92 50" role="img" aria-label={label}>
      <g fill="none" stroke="var(--ink)" strokeWidth="5.5" strokeLinecap="round">
        <path d="M20.5 26v12M4 41.5h33" />
        <path d="M81 5v21" />
      </g>
      <rect x="7" y="4" width="27" height="19" rx="2.5" fill="var(--dye-apricot)" />
      <path d="M7 6.5a2.5 2.5 0 0 1 2.5-2.5H19v19H9.5A2.5 2.5 0 0 1 7 20.5z" fill="var(--dye-persimmon)" />
      <circle cx="59" cy="14.5" r="10.5" fill="var(--dye-gardenia)" />
      <rect x="51" y="31" width="33" height="15" rx="2.5" fill="var(--dye-rose)" />
      <path d="M71 31h10.5a2.5 2.5 0 0 1 2.5 2.5v10a2.5 2.5 0 0 1-2.5 2.5H71z" fill="var(--dye-indigo)" />
    </svg>
  );
}
