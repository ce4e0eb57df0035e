import { useState, type FormEvent, type ReactNode } from "react";
import { createRoom } from "../../api/rooms";
import { faultText } from "../../i18n/fault";
import { useStrings } from "../../i18n/language";
import { useSession } from "../context";
import { isDescription, isRoomPassword, isRoomName } from "../entry/checks";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { PasswordField } from "../parts/PasswordField";
import { goToRoom } from "../route";
import { Dialog } from "./Dialog";

export function CreateRoomDialog({ onClose }: { onClose: () => void }): ReactNode {
  const session = useSession();
  const strings = useStrings();
  const { create, check } = strings;
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [isPrivate, setIsPrivate] = useState(false);
  const [password, setPassword] = useState("");
  const [checked, setChecked] = useState(false);
  const [working, setWorking] = useState(false);
  const [fault, setFault] = useState<string>();
  const isSound = isRoomName(name) && isDescription(description) && (!isPrivate || isRoomPassword(password));

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setChecked(true);
    if (!isSound) return;
    setWorking(true);
    try {
      const room = { name: name.trim(), description: description.trim(), private: isPrivate };
      const id = await createRoom({ ...room, password: isPrivate ? password : "" });
      await session.refresh();
      goToRoom(id);
      onClose();
    } catch (problem) {
      setFault(faultText(strings, problem));
      setWorking(false);
    }
  }

  return (
    <Dialog title={create.title} onClose={onClose}>
      <form className="dialog-form" noValidate onSubmit={(event) => void submit(event)}>
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
        <fieldset className="who">
          <legend>{create.who}</legend>
          <WhoOption chosen={!isPrivate} title={create.open} text={create.openText} onChoose={() => setIsPrivate(false)} />
          <WhoOption chosen={isPrivate} title={create.closed} text={create.closedText} onChoose={() => setIsPrivate(true)} />
        </fieldset>
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
        {fault !== undefined && (
          <p className="dialog-fault" role="alert">
            {fault}
          </p>
        )}
        <div className="dialog-ways">
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button type="submit" look="main" working={working}>
            {create.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function WhoOption({
  chosen,
  title,
  text,
  onChoose,
}: {
  chosen: boolean;
  title: string;
  text: string;
  onChoose: () => void;
}): ReactNode {
  return (
    <label className="who-option">
      <input type="radio" name="who" checked={chosen} onChange={onChoose} />
      <span>
        <strong>{title}</strong>
        <span>{text}</span>
      </span>
    </label>
  );
}
