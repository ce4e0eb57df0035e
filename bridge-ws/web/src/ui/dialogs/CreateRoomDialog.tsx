import { useRef, useState, type ReactNode } from "react";
import type { Contact } from "../../api/contacts";
import { createRoom, invite } from "../../api/rooms";
import { useStrings } from "../../i18n/language";
import { useApp, useSession } from "../context";
import { isDescription, isRoomName, isRoomPassword } from "../entry/checks";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { PasswordField } from "../parts/PasswordField";
import { useSubmit } from "../parts/useSubmit";
import { goToRoom } from "../route";
import { Dialog, Fault } from "./Dialog";
import { WhoCanJoin } from "./WhoCanJoin";

export function CreateRoomDialog({
  guest = null,
  onClose,
}: {
  /** Whom the room is made for: invited as soon as it is there. */
  guest?: Contact | null;
  onClose: () => void;
}): ReactNode {
  const app = useApp();
  const session = useSession();
  const { create, check, cancel, invite: inviting } = useStrings();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [isPrivate, setIsPrivate] = useState(false);
  const [password, setPassword] = useState("");
  const [checked, setChecked] = useState(false);
  /** The room, once it is made: where only the invitation failed, trying again makes no second one. */
  const made = useRef(0);
  const { working, fault, submit } = useSubmit(async () => {
    setChecked(true);
    if (!isRoomName(name) || !isDescription(description) || (isPrivate && !isRoomPassword(password))) return;
    made.current ||= await createRoom({ name, description, private: isPrivate, password: isPrivate ? password : "" });
    if (guest !== null) {
      await invite(made.current, guest.email);
      app.tell("invited", guest.name);
    }
    await session.refresh();
    goToRoom(made.current);
    onClose();
  });

  return (
    <Dialog title={create.title} onClose={onClose}>
      <form className="dialog-form" noValidate onSubmit={submit}>
        <Field
          label={create.name}
          placeholder={create.nameExample}
          autoFocus
          autoComplete="off"
          value={name}
          fault={checked && !isRoomName(name) ? check.roomName : undefined}
          onChange={(event) => setName(event.target.value)}
        />
        <Field
          label={create.description}
          note={create.optional}
          placeholder={create.descriptionExample}
          autoComplete="off"
          value={description}
          fault={checked && !isDescription(description) ? check.description : undefined}
          onChange={(event) => setDescription(event.target.value)}
        />
        <WhoCanJoin isPrivate={isPrivate} choose={setIsPrivate} />
        {isPrivate && (
          <PasswordField
            label={create.password}
            autoComplete="new-password"
            hint={create.passwordHint}
            value={password}
            fault={checked && !isRoomPassword(password) ? check.roomPassword : undefined}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
        {guest !== null && <p className="dialog-text">{inviting.comesAlong(guest.name)}</p>}
        <Fault text={fault} />
        <div className="dialog-ways">
          <Button onClick={onClose}>{cancel}</Button>
          <Button type="submit" look="main" working={working}>
            {create.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
