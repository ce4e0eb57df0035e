import { useCallback, useEffect, useState } from "react";
import { contacts, type Contact } from "../../api/contacts";

/** The user's contacts; null: not known yet. */
export function useContacts(): { list: readonly Contact[] | null; failed: boolean; reload: () => Promise<void> } {
  const [list, setList] = useState<readonly Contact[] | null>(null);
  const [failed, setFailed] = useState(false);
  const reload = useCallback(async () => {
    try {
      setList(await contacts());
      setFailed(false);
    } catch {
      setFailed(true);
    }
  }, []);
  useEffect(() => void reload(), [reload]);
  return { list, failed, reload };
}

/** A contact's tint: always the same, though the address book does not tell user ids. */
export function tintOf({ email }: Contact): number {
  return [...email].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9_973, 7);
}
