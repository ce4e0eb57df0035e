import { useState, type ReactNode } from "react";
import { changeRoom } from "../../api/rooms";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { isDescription, isRoomName } from "../entry/checks";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { Icon } from "../parts/Icon";
import { useSubmit } from "../parts/useSubmit";
import { goToList } from "../route";
import { ConfirmDialog } from "./ConfirmDialog";
import { Dialog, Fault } from "./Dialog";

/** For admins: what the room is called and about, and its end. */
export function RoomSettingsDialog({ room, onClose }: { room: RoomState; onClose: () => void }): ReactNode {
  const session = useSession();
  const strings = useStrings();
  const { create, settings, check } = strings;
  const [name, setName] = useState(room.name);
  const [description, setDescription] = useState(room.description);
  const [deleting, setDeleting] = useState(false);
  const isSound = isRoomName(name) && isDescription(description);
  const { working, fault, submit } = useSubmit(async () => {
    if (!isSound) return;
    await changeRoom(room.id, name.trim(), description.trim());
    await session.refresh();
    onClose();
  });

  return (
    <Dialog title={settings.title} onClose={onClose}>
      <form className="dialog-form" noValidate onSubmit={submit}>
        <Field
          label={create.name}
          autoFocus
          autoComplete="off"
          value={name}
          fault={isRoomName(name) ? undefined : check.roomName}
          onChange={(event) => setName(event.target.value)}
        />
        <Field
          label={create.description}
          note={create.optional}
          placeholder={create.descriptionExample}
          autoComplete="off"
          value={description}
          fault={isDescription(description) ? undefined : check.description}
          onChange={(event) => setDescription(event.target.value)}
        />
        <Fault text={fault} />
        <div className="dialog-ways is-parted">
          <Button look="quiet-alert" onClick={() => setDeleting(true)}>
            <Icon name="trash" size={18} />
            {settings.delete}
          </Button>
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button type="submit" look="main" working={working} disabled={!isSound}>
            {settings.save}
          </Button>
        </div>
      </form>
      {deleting && (
        <ConfirmDialog
          question={settings.deleteQuestion(room.name)}
          submit={settings.delete}
          act={async () => {
            await session.delete(room.id);
            goToList();
          }}
          onClose={() => setDeleting(false)}
        >
          <p>{settings.deleteText}</p>
        </ConfirmDialog>
      )}
    </Dialog>
  );
}
