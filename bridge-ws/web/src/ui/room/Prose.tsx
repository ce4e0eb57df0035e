import { memo, type ReactNode } from "react";

/** Addresses end before what closes a sentence or a bracket. */
const ADDRESS = /https?:\/\/[^\s<>"']+[^\s<>"'.,:;!?)\]}]/g;

/** A message's text, its line breaks kept and its web addresses made links. */
export const Prose = memo(function Prose({ text }: { text: string }): ReactNode {
  const parts: ReactNode[] = [];
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    parts.push(text.slice(from, found.index));
    parts.push(
      <a key={found.index} href={found[0]} target="_blank" rel="noopener noreferrer nofollow">
        {found[0]}
      </a>,
    );
    from = found.index + found[0].length;
  }
  parts.push(text.slice(from));
  return <span className="prose">{parts}</span>;
});
