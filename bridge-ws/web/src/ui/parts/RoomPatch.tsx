import { memo, useMemo, type ReactNode } from "react";
import { Icon } from "./Icon";
import { smallCloth } from "./cloth";
import "./patch.css";

const UNITS = 48;

/** A room's own little cloth, told apart at a glance. Decoration: the room's name stands beside it. */
export const RoomPatch = memo(function RoomPatch({
  room,
  size,
  locked = false,
}: {
  room: number;
  size: number;
  locked?: boolean;
}): ReactNode {
  const pieces = useMemo(() => smallCloth(room, UNITS), [room]);
  return (
    <span className="patch" style={{ width: size, height: size }} aria-hidden="true">
      <svg viewBox={`0 0 ${UNITS} ${UNITS}`} width={size} height={size}>
        {pieces.map((piece) => (
          <rect
            key={`${piece.x},${piece.y}`}
            className="patch-piece"
            x={piece.x}
            y={piece.y}
            width={piece.width}
            height={piece.height}
            fill={`var(--dye-${piece.dye})`}
          />
        ))}
      </svg>
      {locked && (
        <span className="patch-lock">
          <Icon name="lock" size={12} />
        </span>
      )}
    </span>
  );
});
