import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from "react";

/** Closer to the end than this counts as at the end. */
const END_PX = 48;
/** Closer to the top than this, the page before is wanted; to the end of a run of the past, the page after. */
const NEAR_PX = 600;

interface Anchor {
  readonly element: HTMLElement;
  /** Its distance from the viewport's top. */
  readonly top: number;
}

interface Wants {
  wantOlder(): void;
  wantNewer(): void;
  /** What is shown ends before the newest: its end is no place to stay at. */
  readonly isPast: boolean;
}

/**
 * Keeps a list of talk in place: at its end while the user is there, else with the same message under his eyes,
 * whatever is put before it. Browsers do this by themselves only in part, so their own anchoring is off in CSS.
 */
export function useTalkScroll(
  viewport: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  { wantOlder, wantNewer, isPast }: Wants,
): { atEnd: boolean; toEnd: () => void; showFirst: (element: HTMLElement) => void } {
  const [atEnd, setAtEnd] = useState(true);
  const stuck = useRef(true);
  const anchor = useRef<Anchor | null>(null);

  const look = useCallback(() => {
    const view = viewport.current;
    if (view === null) return;
    const belowPx = view.scrollHeight - view.scrollTop - view.clientHeight;
    stuck.current = !isPast && belowPx < END_PX;
    setAtEnd(stuck.current);
    anchor.current = stuck.current ? null : findAnchor(view, content.current);
    if (view.scrollTop < NEAR_PX) wantOlder();
    if (isPast && belowPx < NEAR_PX) wantNewer();
  }, [viewport, content, wantOlder, wantNewer, isPast]);

  const settle = useCallback(() => {
    const view = viewport.current;
    if (view === null) return;
    if (stuck.current) view.scrollTop = view.scrollHeight;
    else if (anchor.current?.element.isConnected === true) {
      view.scrollTop += topWithin(view, anchor.current.element) - anchor.current.top;
    }
    if (view.scrollTop < NEAR_PX) wantOlder();
  }, [viewport, content, wantOlder]);

  useLayoutEffect(settle);

  useLayoutEffect(() => {
    const view = viewport.current;
    const inner = content.current;
    if (view === null || inner === null) return undefined;
    view.addEventListener("scroll", look, { passive: true });
    const sizes = new ResizeObserver(settle);
    sizes.observe(view);
    sizes.observe(inner);
    return () => {
      view.removeEventListener("scroll", look);
      sizes.disconnect();
    };
  }, [viewport, content, look, settle]);

  const toEnd = useCallback(() => {
    stuck.current = true;
    settle();
    setAtEnd(true);
  }, [settle]);

  /** Puts an element a third below the top, where the eye goes first. */
  const showFirst = useCallback(
    (element: HTMLElement) => {
      const view = viewport.current;
      if (view === null) return;
      stuck.current = false;
      view.scrollTop += topWithin(view, element) - view.clientHeight / 3;
      look();
    },
    [viewport, look],
  );

  return { atEnd, toEnd, showFirst };
}

function topWithin(view: HTMLElement, element: HTMLElement): number {
  return element.getBoundingClientRect().top - view.getBoundingClientRect().top;
}

/** The first element that is at least partly in sight. Elements lie in order, so it is found by halving. */
function findAnchor(view: HTMLElement, content: HTMLElement | null): Anchor | null {
  const elements = content?.children;
  if (elements === undefined) return null;
  let low = 0;
  let high = elements.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const element = elements[middle];
    if (element instanceof HTMLElement && topWithin(view, element) + element.offsetHeight <= 0) low = middle + 1;
    else high = middle;
  }
  const element = elements[low];
  return element instanceof HTMLElement ? { element, top: topWithin(view, element) } : null;
}
