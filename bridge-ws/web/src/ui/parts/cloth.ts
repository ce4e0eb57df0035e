/** Pieces of a jogakbo: a square cut again and again, each piece given a dye. The same seed gives the same cloth. */

export interface Piece {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Name of a dye, see tokens.css. */
  readonly dye: Dye;
  /** 0..1: how closely the piece is woven. */
  readonly weave: number;
}

export type Dye =
  "indigo" | "sky" | "apricot" | "persimmon" | "rose" | "blush" | "gardenia" | "mugwort" | "mint" | "ramie" | "plum";

/** Dyes that go well with each other; a cloth takes one row. */
const HARMONIES: readonly (readonly Dye[])[] = [
  ["indigo", "sky", "ramie", "apricot"],
  ["rose", "blush", "gardenia", "ramie"],
  ["mugwort", "mint", "gardenia", "ramie"],
  ["plum", "blush", "sky", "ramie"],
  ["persimmon", "apricot", "ramie", "mint"],
  ["indigo", "gardenia", "blush", "rose"],
  ["mugwort", "sky", "ramie", "persimmon"],
  ["plum", "rose", "apricot", "gardenia"],
];

/** Every dye, weighted towards the pale ones: for a whole wall of cloth. */
const WALL: readonly Dye[] = [
  "ramie",
  "ramie",
  "mint",
  "blush",
  "apricot",
  "sky",
  "gardenia",
  "rose",
  "indigo",
  "ramie",
  "persimmon",
  "mint",
];

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A small cloth of four to six pieces, `size` units square. */
export function smallCloth(seed: number, size: number): Piece[] {
  const random = generator(seed);
  // Rooms made one after the other, which often stand together in a list, must not look alike.
  const harmony = HARMONIES[(seed * 3) % HARMONIES.length] ?? WALL;
  const areas = cut([{ x: 0, y: 0, width: size, height: size }], 5, random, size / 4);
  const start = Math.floor(random() * harmony.length);
  return areas.map((area, index) => ({
    ...area,
    dye: harmony[(start + index) % harmony.length] ?? "ramie",
    weave: 1,
  }));
}

/** A large cloth of `count` pieces. */
export function wallCloth(seed: number, width: number, height: number, count: number): Piece[] {
  const random = generator(seed);
  const areas = cut([{ x: 0, y: 0, width, height }], count, random, Math.min(width, height) / 14);
  const pieces: Piece[] = [];
  for (const area of areas) {
    const beside = new Set(pieces.filter((piece) => touches(piece, area)).map((piece) => piece.dye));
    const fitting = WALL.filter((dye) => !beside.has(dye));
    pieces.push({
      ...area,
      dye: fitting[Math.floor(random() * fitting.length)] ?? "ramie",
      weave: 0.72 + random() * 0.28,
    });
  }
  return pieces;
}

function touches(one: Area, other: Area): boolean {
  return (
    one.x <= other.x + other.width &&
    other.x <= one.x + one.width &&
    one.y <= other.y + other.height &&
    other.y <= one.y + one.height
  );
}

/** Cuts the largest piece across its longer side until there are `count`, or none can be cut any more. */
function cut(areas: readonly Area[], count: number, random: () => number, least: number): Area[] {
  const pieces = [...areas];
  while (pieces.length < count) {
    pieces.sort((a, b) => b.width * b.height - a.width * a.height);
    const index = pieces.findIndex((piece) => Math.max(piece.width, piece.height) >= least * 2);
    const piece = pieces[index];
    if (piece === undefined) break;
    pieces.splice(index, 1, ...halves(piece, 0.34 + random() * 0.32));
  }
  return pieces;
}

function halves(area: Area, at: number): [Area, Area] {
  const { x, y, width, height } = area;
  if (width >= height) {
    const left = Math.round(width * at);
    return [
      { x, y, width: left, height },
      { x: x + left, y, width: width - left, height },
    ];
  }
  const top = Math.round(height * at);
  return [
    { x, y, width, height: top },
    { x, y: y + top, width, height: height - top },
  ];
}

/** Numbers in 0..1 that depend on the seed alone. */
function generator(seed: number): () => number {
  let state = (seed * 2_654_435_761 + 0x9e37_79b9) >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
