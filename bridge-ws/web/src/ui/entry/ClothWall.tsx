import { useMemo, type ReactNode } from "react";
import { wallCloth } from "../parts/cloth";

const WIDTH = 720;
const HEIGHT = 960;
const PIECES = 46;
/** Chosen by eye among the first hundred. */
const SEED = 21;

/** The jogakbo on the entry page: translucent pieces with a running stitch along their seams. */
export function ClothWall(): ReactNode {
  const pieces = useMemo(() => wallCloth(SEED, WIDTH, HEIGHT, PIECES), []);
  return (
    <svg
      className="cloth-wall"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      <defs>
        <pattern id="weave" width="4" height="4" patternUnits="userSpaceOnUse">
          <path d="M0 .5h4M.5 0v4" className="cloth-thread" />
        </pattern>
      </defs>
      {pieces.map((piece, index) => (
        <g key={`${piece.x},${piece.y}`} className="cloth-piece" style={{ animationDelay: `${(index * 29) % 700}ms` }}>
          <rect
            x={piece.x}
            y={piece.y}
            width={piece.width}
            height={piece.height}
            fill={`var(--dye-${piece.dye})`}
            fillOpacity={piece.weave}
          />
          <rect
            className="cloth-seam"
            x={piece.x + 5}
            y={piece.y + 5}
            width={piece.width - 10}
            height={piece.height - 10}
          />
        </g>
      ))}
      <rect width={WIDTH} height={HEIGHT} fill="url(#weave)" />
    </svg>
  );
}
