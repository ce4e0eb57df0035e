import { useState, type ReactNode } from "react";
import type { Contact } from "../../api/contacts";
import { ApiError } from "../../api/http";
import { invite } from "../../api/rooms";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { Avatar } from "../parts/Avatar";
import { Button } from "../parts/Button";
import { useSubmit } from "../parts/useSubmit";
import { Who } from "./ContactsDialog";
import { Dialog, Fault } from "./Dialog";
import { EmailForm } from "./EmailForm";
import { tintOf, useContacts } from "./useContacts";
import "./people.css";

/** Brings people into a room: contacts, or whoever has an account of that address. */
export function InviteDialog({ room, onClose }: { room: RoomState; onClose: () => void }): ReactNode {
  const { invite: words } = useStrings();
  const { list } = useContacts();
  return (
    <Dialog title={words.title(room.name)} onClose={onClose}>
      <EmailForm
        words={words}
        add={async (email) => {
          await invite(room.id, email);
          return words.done(email);
        }}
        faultOf={(problem) => (isHere(problem) ? words.alreadyHere : undefined)}
      />
      {list !== null && list.length > 0 && (
        <>
          <h3 className="people-heading">{words.contacts}</h3>
          <ul className="people-list scroll" aria-label={words.contacts}>
            {list.map((contact) => (
              <ContactRow key={contact.email} room={room.id} contact={contact} />
            ))}
          </ul>
        </>
      )}
    </Dialog>
  );
}

function ContactRow({ room, contact }: { room: number; contact: Contact }): ReactNode {
  const { invite: words } = useStrings();
  const [done, setDone] = useState(false);
  const { working, problem, fault, submit } = useSubmit(async () => {
    await invite(room, contact.email);
    setDone(true);
  });
  return (
    <li className="person" data-contact={contact.email}>
      <Avatar user={tintOf(contact)} name={contact.name} size={40} />
      <Who contact={contact} />
      {done || isHere(problem) ? (
        <span className="person-done" role="status">
          {done ? words.invited : words.alreadyHere}
        </span>
      ) : (
        <Button working={working} aria-label={words.invite(contact.name)} onClick={() => submit()}>
          {words.submit}
        </Button>
      )}
      {!isHere(problem) && <Fault text={fault} />}
    </li>
  );
}

function isHere(problem: unknown): boolean {
  return problem instanceof ApiError && problem.fault === "AlreadyMember";
}
