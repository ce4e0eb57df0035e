import { useState, type DragEvent } from "react";

export interface Dropping {
  /** Files are being held over it. */
  readonly over: boolean;
  readonly on: {
    onDragEnter(event: DragEvent): void;
    onDragOver(event: DragEvent): void;
    onDragLeave(event: DragEvent): void;
    onDrop(event: DragEvent): void;
  };
}

/** Takes files that are dropped on an element. */
export function useDrop(take: (files: readonly File[]) => void): Dropping {
  const [over, setOver] = useState(false);
  const holds = (event: DragEvent): boolean => event.dataTransfer.types.includes("Files");
  return {
    over,
    on: {
      onDragEnter(event) {
        if (holds(event)) setOver(true);
      },
      onDragOver(event) {
        if (holds(event)) event.preventDefault();
      },
      onDragLeave(event) {
        // Leaving for something within it is no leaving.
        const { currentTarget, relatedTarget } = event;
        if (!(relatedTarget instanceof Node) || !currentTarget.contains(relatedTarget)) setOver(false);
      },
      onDrop(event) {
        setOver(false);
        if (!holds(event)) return;
        event.preventDefault();
        take([...event.dataTransfer.files]);
      },
    },
  };
}
