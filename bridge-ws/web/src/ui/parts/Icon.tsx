import type { ReactNode } from "react";

/** The page's own icons: 20 units square, drawn with one even stroke. */
const PATHS = {
  attach:
    "m14.5 9.5-5 5a3 3 0 0 1-4.300-4.300l5.800-5.700a2 2 0 0 1 2.900 2.800l-5.600 5.600a1 1 0 0 1-1.400-1.400l4.700-4.700",
  back: "M12.5 4 6.5 10l6 6",
  close: "m5 5 10 10M15 5 5 15",
  compass: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm2.800-9.800-1.500 4.100-4.100 1.500 1.500-4.100 4.100-1.500Z",
  contacts:
    "M5 3.500h10v13H5zM3 7h2m-2 3h2m-2 3h2M10 9.500a1.700 1.700 0 1 0 0-3.400 1.700 1.700 0 0 0 0 3.400ZM7.300 13.500c.2-1.500 1.300-2.300 2.700-2.300s2.500.8 2.700 2.300",
  create: "M10 4v12M4 10h12",
  dues: "M10 3.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13ZM6.500 7.500l1.800 5.500L10 8l1.700 5 1.800-5.500M6 10h8",
  down: "M10 4v11m-5-5 5 5 5-5",
  eye: "M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10Zm8 2.4a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8Z",
  eyeShut: "M2.5 9s3 4.5 7.5 4.5S17.5 9 17.5 9M5 12l-1.5 2M10 13.5V16M15 12l1.5 2",
  file: "M5.5 2.500h5.500l3.500 3.500v11.500h-9zM11 2.500V6h3.500",
  gear: "M4 6h6m4 0h2M4 14h2m4 0h6M12 4.200a1.800 1.800 0 1 1 0 3.600 1.800 1.800 0 0 1 0-3.600ZM8 12.200a1.800 1.800 0 1 1 0 3.600 1.800 1.800 0 0 1 0-3.600Z",
  invite:
    "M8 9.500A2.750 2.750 0 1 0 8 4a2.750 2.750 0 0 0 0 5.500ZM3 16c.4-2.700 2.400-4.200 5-4.200 1.500 0 2.800.5 3.700 1.400M15 11v6m-3-3h6",
  jump: "M4 10h11m-4.500-4.500L15 10l-4.500 4.500",
  leave: "M8 4H4.5v12H8M8.5 10H17m-3.5-3.5L17 10l-3.5 3.5",
  lock: "M5.5 9h9v7h-9zM7.200 9V6.800a2.800 2.800 0 0 1 5.6 0V9",
  menu: "M4 6h12M4 10h12M4 14h12",
  notice: "M4 8v4h2.500L13 15.500v-11L6.500 8H4Zm3 4 .8 4h2M15.500 8.200a2.500 2.500 0 0 1 0 3.600",
  office: "M10 2.500l5.500 2v5c0 4-2.300 6.400-5.500 8-3.200-1.600-5.500-4-5.500-8v-5zM7.500 9.800l1.900 1.900 3.300-3.400",
  people:
    "M7.5 9.5a2.750 2.750 0 1 0 0-5.5 2.750 2.750 0 0 0 0 5.5ZM2.5 16c.4-2.700 2.4-4.200 5-4.200s4.6 1.5 5 4.200M13 4.300a2.6 2.6 0 0 1 0 5M14.5 12.200c1.700.5 2.800 1.800 3 3.800",
  reply: "M8 5 3.5 9.5 8 14M4 9.5h7.5c3 0 5 2 5 5.5",
  search: "M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM13 13l4 4",
  send: "M10 16V4.5M5 9.300l5-4.800 5 4.800",
  trash: "M4 5.500h12M8 5.500V3.500h4v2M5.500 5.500l.7 11h7.600l.7-11M8.500 8.500v5m3-5v5",
  talk: "M3.500 4.500h13v9H10l-3.500 3v-3h-3z",
  warning: "M10 3 2.5 16.5h15L10 3Zm0 5v4m0 2.200v.1",
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration only: what it means must be said by text beside it or by its button's label. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }): ReactNode {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" fill="none" aria-hidden="true">
      <path d={PATHS[name]} stroke="currentColor" strokeWidth="1.7" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
