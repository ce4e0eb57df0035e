/**
 * The device id of this tab. Sequences rise per device, so two tabs must not send as one device: each tab claims a
 * slot by a lock that the browser frees when the tab ends, and each slot keeps its own id in localStorage.
 */

const SLOTS_MAX = 16;

export interface Device {
  /** Random, not 0. */
  readonly id: number;
  /** Whether the id outlives this tab, and with it what is kept under it. */
  readonly lasting: boolean;
}

/** Claims a slot. Where locks or storage are missing (plain http on another host), the id lasts as long as the page. */
export async function claimDevice(storage: Storage | null): Promise<Device> {
  if (storage !== null && "locks" in navigator) {
    for (let slot = 0; slot < SLOTS_MAX; slot++) {
      const key = `moim.device.${slot}`;
      if (await holdLock(key)) return { id: keptId(storage, key), lasting: true };
    }
  }
  return { id: randomId(), lasting: false };
}

/** Resolves true once the lock is held, for the rest of the page's life; false where another tab holds it. */
function holdLock(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise<never>(() => {});
    });
  });
}

function keptId(storage: Storage, key: string): number {
  const kept = Number(storage.getItem(key));
  if (Number.isInteger(kept) && kept > 0 && kept <= 0xffff_ffff) return kept;
  const id = randomId();
  storage.setItem(key, String(id));
  return id;
}

function randomId(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] || 1;
}
