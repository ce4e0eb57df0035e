import { useSyncExternalStore } from "react";

/** Whether somebody looks at the page: visible, and the one that has the keyboard. */
export function usePageActive(): boolean {
  return useSyncExternalStore(subscribe, isActive);
}

function isActive(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

function subscribe(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  addEventListener("focus", listener);
  addEventListener("blur", listener);
  return () => {
    document.removeEventListener("visibilitychange", listener);
    removeEventListener("focus", listener);
    removeEventListener("blur", listener);
  };
}
