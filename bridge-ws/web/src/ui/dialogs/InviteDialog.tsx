import { useState, type ReactNode } from "react";
import type { Contact } from "../../api/contacts";
import { ApiError } from "../../api/http";
import { invite } from "../../api/rooms";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { isEmail } from "../entry/checks";
import { Avatar } from "../parts/Avatar";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { useSubmit } from "../parts/useSubmit";
import { Who } from "./ContactsDialog";
import { Dialog, Fault } from "./Dialog";
import { tintOf, useContacts } from "./useContacts";
import "./people.css";

/** Brings people into a room: contacts, or whoever has an account of that address. */
export function InviteDialog({ room, onClose }: { room: RoomState; onClose: () => void }): ReactNode {
  const { invite: words } = useStrings();
  const { list } = useContacts();
  return (
    <Dialog title={words.title(room.name)} onClose={onClose}>
      <EmailForm room={room.id} />
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

function EmailForm({ room }: { room: number }): ReactNode {
  const strings = useStrings();
  const [email, setEmail] = useState("");
  const [checked, setChecked] = useState(false);
  const [done, setDone] = useState("");
  const { working, problem, fault, submit, forget } = useSubmit(async () => {
    setChecked(true);
    setDone("");
    if (!isEmail(email)) return;
    await invite(room, email.trim());
    setDone(strings.invite.done(email.trim()));
    setEmail("");
    setChecked(false);
  });
  return (
    <form className="people-form" noValidate onSubmit={submit}>
      <Field
        label={strings.invite.email}
        type="email"
        inputMode="email"
        autoFocus
        autoComplete="off"
        value={email}
        hint={done || strings.invite.hint}
        fault={checked && !isEmail(email) ? strings.check.email : isHere(problem) ? strings.invite.alreadyHere : fault}
        onChange={(event) => {
          setEmail(event.target.value);
          setChecked(false);
          forget();
        }}
      />
      <Button type="submit" look="main" working={working}>
        {strings.invite.submit}
      </Button>
      <p className="hidden-text" role="status">
        {done}
      </p>
    </form>
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
