/**
 * The device id of this tab. Sequences rise per device, so two tabs must not send as one device: each tab claims a
 * slot by a lock that the browser frees when the tab ends, and each slot keeps its own id in localStorage.
 */

const SLOTS_MAX = 16;

/** An id to send under. It outlives the tab only together with its counters: without them it would repeat sequences. */
export class Device {
  /** `storage` and `slot`: where the id is kept; null where it is not. */
  constructor(
    /** Random, not 0. */
    readonly id: number,
    private storage: Storage | null,
    private readonly slot: string,
  ) {}

  /** What the counters are kept in for as long as the id is; null: the id ends with the session. */
  get lasting(): Storage | null {
    return this.storage;
  }

  /** The counters can no longer be kept, so the id is not either: the next page takes a new one. */
  spend(): void {
    this.storage?.removeItem(this.slot);
    this.storage = null;
  }
}

/** Claims a slot. Where locks or storage are missing (plain http on another host) or full, the id is not kept. */
export async function claimDevice(storage: Storage | null): Promise<Device> {
  if (storage !== null && "locks" in navigator) {
    for (let slot = 0; slot < SLOTS_MAX; slot++) {
      const key = `moim.device.${slot}`;
      if (await holdLock(key)) return keptDevice(storage, key);
    }
  }
  return new Device(randomId(), null, "");
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

function keptDevice(storage: Storage, slot: string): Device {
  const kept = Number(storage.getItem(slot));
  if (Number.isInteger(kept) && kept > 0 && kept <= 0xffff_ffff) return new Device(kept, storage, slot);
  const id = randomId();
  try {
    storage.setItem(slot, String(id));
    return new Device(id, storage, slot);
  } catch {
    return new Device(id, null, slot);
  }
}

function randomId(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] || 1;
}
