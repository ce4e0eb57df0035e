import { useState, type ReactNode } from "react";
import { findRooms, type FoundRoom } from "../../api/rooms";
import { useStrings } from "../../i18n/language";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { useSubmit } from "../parts/useSubmit";
import { Dialog } from "./Dialog";
import { FoundRow } from "./FoundRow";
import "./find.css";

interface Found {
  readonly keyword: string;
  readonly rooms: readonly FoundRoom[];
}

export function FindRoomDialog({ onClose }: { onClose: () => void }): ReactNode {
  const { find } = useStrings();
  const [keyword, setKeyword] = useState("");
  const [found, setFound] = useState<Found | null>(null);
  const { working, fault, submit } = useSubmit(async () => {
    const wanted = keyword.trim();
    if (wanted !== "") setFound({ keyword: wanted, rooms: await findRooms(wanted) });
  });

  return (
    <Dialog title={find.title} onClose={onClose}>
      <form className="one-line-form" role="search" onSubmit={submit}>
        <Field
          label={find.keyword}
          placeholder={find.keywordExample}
          type="search"
          autoFocus
          autoComplete="off"
          value={keyword}
          hint={find.hint}
          fault={fault}
          onChange={(event) => setKeyword(event.target.value)}
        />
        <Button type="submit" look="main" working={working} disabled={keyword.trim() === ""}>
          {find.search}
        </Button>
      </form>
      <p className={found?.rooms.length === 0 ? "find-none" : "hidden-text"} role="status">
        {found !== null && (found.rooms.length === 0 ? find.none(found.keyword) : find.found(found.rooms.length))}
      </p>
      {found !== null && found.rooms.length > 0 && (
        <ul className="find-list scroll">
          {found.rooms.map((room) => (
            <FoundRow key={room.id} room={room} done={onClose} />
          ))}
        </ul>
      )}
    </Dialog>
  );
}
