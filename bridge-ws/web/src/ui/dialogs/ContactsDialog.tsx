import { useState, type ReactNode } from "react";
import { addContact, removeContact, type Contact } from "../../api/contacts";
import { useStrings } from "../../i18n/language";
import { Avatar } from "../parts/Avatar";
import { Button, IconButton } from "../parts/Button";
import { ConfirmDialog } from "./ConfirmDialog";
import { Dialog } from "./Dialog";
import { EmailForm } from "./EmailForm";
import { TalkWithDialog } from "./TalkWithDialog";
import { tintOf, useContacts } from "./useContacts";
import "./people.css";

/** The address book: who is in it, and the ways in and out of it. */
export function ContactsDialog({
  onClose,
  createRoom,
}: {
  onClose: () => void;
  /** A room is to be made for this contact. */
  createRoom: (guest: Contact) => void;
}): ReactNode {
  const strings = useStrings();
  const { list, failed, reload } = useContacts();
  const [talkWith, setTalkWith] = useState<Contact | null>(null);
  const [removing, setRemoving] = useState<Contact | null>(null);
  const words = strings.contacts;

  if (talkWith !== null) {
    return <TalkWithDialog contact={talkWith} createRoom={() => createRoom(talkWith)} onClose={onClose} />;
  }
  return (
    <Dialog title={words.title} onClose={onClose}>
      <EmailForm
        words={{ ...words, submit: words.add }}
        add={async (email) => {
          const name = await addContact(email);
          await reload();
          return words.added(name);
        }}
      />
      {failed && (
        <p className="people-none" role="alert">
          {strings.fault.NoAnswer}{" "}
          <Button look="link" onClick={() => void reload()}>
            {strings.retry}
          </Button>
        </p>
      )}
      {list?.length === 0 && <p className="people-none">{words.empty}</p>}
      <ul className="people-list scroll" aria-label={words.title}>
        {list?.map((contact) => (
          <li key={contact.email} className="person" data-contact={contact.email}>
            <Avatar user={tintOf(contact)} name={contact.name} size={40} />
            <Who contact={contact} />
            <Button aria-label={words.talkWith(contact.name)} onClick={() => setTalkWith(contact)}>
              {words.talk}
            </Button>
            <IconButton
              icon="trash"
              size={18}
              label={`${contact.name}: ${words.remove}`}
              onClick={() => setRemoving(contact)}
            />
          </li>
        ))}
      </ul>
      {removing !== null && (
        <ConfirmDialog
          question={words.removeQuestion(removing.name)}
          submit={words.remove}
          act={async () => {
            await removeContact(removing.email);
            await reload();
          }}
          onClose={() => setRemoving(null)}
        >
          <p>{words.removeText}</p>
        </ConfirmDialog>
      )}
    </Dialog>
  );
}

export function Who({ contact }: { contact: Contact }): ReactNode {
  return (
    <span className="person-text">
      <strong>{contact.name}</strong>
      <span>{contact.email}</span>
    </span>
  );
}
