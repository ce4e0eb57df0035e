//! SEND: from a member's words to a message in the batch.

use bytes::Bytes;
use moim_wire::schema::{Kind, MessageHead, Role};
use moim_wire::{DeviceId, EPOCH_UNIX_MS, Envelope, ErrorCode, MessageFields, MessageId, Sequence, UserId};

use super::commit::{Accepted, AckTo, Pending, acknowledge};
use super::context::{Context, Gate};
use super::dedup::{DeviceWindow, Judgement};
use super::effect::{Effect, StoreRequest};
use super::event::{Caller, Origin, Request, SendRequest};
use super::room::{Device, Parked, Room};

/// When to try again on a full disk: somebody has to make room first.
const STORAGE_FULL_RETRY_MS: u32 = 5_000;
/// What a refusal begins with when the journal holds as much for the store as it may.
const STORE_BEHIND: &str = "the message store is behind";

/// A message to be, without its ids.
pub(super) struct Draft<'a> {
    pub(super) sender: UserId,
    pub(super) device: DeviceId,
    pub(super) sequence: Sequence,
    pub(super) kind: Kind,
    pub(super) role: Role,
    pub(super) reference: u64,
    pub(super) text: &'a str,
}

impl Room {
    pub(super) fn send(&mut self, origin: Origin, caller: Caller, send: SendRequest<'_>, context: &mut Context<'_>) {
        self.send_knowing(origin, caller, send, None, context);
    }

    /// SEND; `found` is the message that a withdrawal names, where the store was asked for it.
    pub(super) fn send_knowing(
        &mut self,
        origin: Origin,
        caller: Caller,
        send: SendRequest<'_>,
        found: Option<Bytes>,
        context: &mut Context<'_>,
    ) {
        if let Err((code, message)) = self.check_send(caller, &send) {
            return context.refuse(&origin, code, message);
        }
        let window = match self.devices.get_mut(&(caller.user, caller.device)) {
            Some(Device::Known(window)) => window,
            Some(Device::Loading(parked)) => {
                if parked.len() >= context.limits.parked_max {
                    return context.busy(&origin, "the room is being loaded");
                }
                return parked.push(Parked { origin, caller, request: Request::Send(send).into_owned() });
            }
            None => return self.ask_for_device(origin, caller, send, context),
        };
        match window.judge(send.sequence) {
            Judgement::Fresh if send.kind == Kind::Delete => self.withdraw(origin, caller, send, found, context),
            Judgement::Fresh => self.accept(origin, caller, &send, context),
            Judgement::Duplicate(id) => self.acknowledge_again(origin, send.sequence, id, context),
            Judgement::TooOld => context.refuse(
                &origin,
                ErrorCode::SequenceTooOld,
                "the sequence lies below what is remembered of this device; send with a new one",
            ),
        }
    }

    pub(super) fn accept(&mut self, origin: Origin, caller: Caller, send: &SendRequest<'_>, context: &mut Context<'_>) {
        if context.batch.frames.len() >= context.limits.batch_bytes_max {
            return context.busy(&origin, "the journal is behind");
        }
        match context.gate {
            Gate::Open => {}
            Gate::PeerBehind => return context.busy(&origin, "another core of the server is behind"),
            Gate::StoreBehind(behind) => {
                let why = format!("{STORE_BEHIND} by {behind}, as far as it may be; nothing was stored");
                return context.refuse_for(&origin, ErrorCode::StorageFull, &why, STORAGE_FULL_RETRY_MS);
            }
            Gate::StorageFull => {
                const WHY: &str = "the server's disk is full; nothing was stored";
                return context.refuse_for(&origin, ErrorCode::StorageFull, WHY, STORAGE_FULL_RETRY_MS);
            }
        }
        let draft = Draft {
            sender: caller.user,
            device: caller.device,
            sequence: send.sequence,
            kind: send.kind,
            role: Role::Member,
            reference: send.reference,
            text: &send.text,
        };
        self.append(&draft, Some(caller.user), Some(origin), context);
    }

    fn check_send(&self, caller: Caller, send: &SendRequest<'_>) -> Result<(), (ErrorCode, &'static str)> {
        if !self.members.contains_key(&caller.user) {
            return Err((ErrorCode::NotAMember, "only members may send; join the room first"));
        }
        if caller.device.0 == 0 || send.sequence.0 == 0 {
            return Err((ErrorCode::InvalidField, "device and sequence must not be 0"));
        }
        let refers = matches!(send.kind, Kind::Reply | Kind::Delete);
        if refers && (send.reference == 0 || send.reference > self.last.0) {
            return Err((ErrorCode::InvalidField, "reference: the room has no such message"));
        }
        Ok(())
    }

    fn ask_for_device(&mut self, origin: Origin, caller: Caller, send: SendRequest<'_>, context: &mut Context<'_>) {
        if self.devices.len() >= context.limits.devices_per_room_max {
            self.leave_devices_to_the_store();
        }
        if self.devices.len() >= context.limits.devices_per_room_max {
            return context.busy(&origin, "too many devices speak in this room at once");
        }
        if self.knows_all_devices {
            self.devices.insert((caller.user, caller.device), Device::Known(DeviceWindow::default()));
            return self.send(origin, caller, send, context);
        }
        let parked = Parked { origin, caller, request: Request::Send(send).into_owned() };
        self.devices.insert((caller.user, caller.device), Device::Loading(vec![parked]));
        context.effects.push(Effect::Store(StoreRequest::LoadDevice(self.id, caller)));
    }

    /// Forgets devices whose sends are committed; the stores will say what they know when they speak again.
    fn leave_devices_to_the_store(&mut self) {
        let committed = self.committed;
        self.knows_all_devices = false;
        self.devices.retain(|_, device| match device {
            Device::Loading(_) => true,
            Device::Known(window) => window.newest_id() > committed,
        });
    }

    pub(super) fn device_loaded(&mut self, caller: Caller, window: DeviceWindow, context: &mut Context<'_>) {
        let key = (caller.user, caller.device);
        if let Some(Device::Loading(parked)) = self.devices.insert(key, Device::Known(window)) {
            for Parked { origin, caller, request } in parked {
                if let Request::Send(send) = request {
                    self.send(origin, caller, send, context);
                }
            }
        }
    }

    /// The store did not say what it knows of the device; its sends are handed back.
    pub(super) fn forget_device(&mut self, caller: Caller) -> Vec<Parked> {
        match self.devices.remove(&(caller.user, caller.device)) {
            Some(Device::Loading(parked)) => parked,
            Some(known @ Device::Known(_)) => {
                self.devices.insert((caller.user, caller.device), known);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// A resend is acknowledged when its original is synced, which may still be to come.
    fn acknowledge_again(&self, origin: Origin, sequence: Sequence, id: MessageId, context: &mut Context<'_>) {
        context.counters.resent += 1;
        let ack = AckTo { origin, sequence, prev_id: MessageId::ZERO, duplicate: true };
        if id <= self.committed {
            return acknowledge(self.id, id, &ack, context);
        }
        if context.batch.is_crowded() {
            return context.busy(&origin, "the journal is behind");
        }
        if let Err(Pending::Resent { room, id, ack }) =
            context.batch.push_behind(Pending::Resent { room: self.id, id, ack })
        {
            acknowledge(room, id, &ack, context);
        }
    }

    /// Gives the draft its ids and puts it into the batch.
    pub(super) fn append(
        &mut self,
        draft: &Draft<'_>,
        reader: Option<UserId>,
        origin: Option<Origin>,
        context: &mut Context<'_>,
    ) {
        let prev_id = self.last;
        // A clock before the epoch must not give id 1: readers that have nothing yet ask for what comes after it.
        let id = prev_id.next(context.now_ms.max(EPOCH_UNIX_MS + 1));
        let head = MessageHead::new(id.0, prev_id.0, self.id.0, draft.sender.0, draft.device.0, draft.sequence.0);
        let fields =
            MessageFields { head, text: draft.text, reference: draft.reference, kind: draft.kind, role: draft.role };
        let start = context.batch.frames.len();
        context.encoder.message(&mut context.batch.frames, Envelope::default(), &fields);
        let frame = start..context.batch.frames.len();
        let ack = origin.map(|origin| AckTo { origin, sequence: draft.sequence, prev_id, duplicate: false });
        context.batch.push_message(Accepted { room: self.id, id, frame, reader, ack });
        if draft.kind == Kind::Delete {
            let withdrawn = MessageId(draft.reference);
            context.batch.withdrawn.push((self.id, withdrawn));
            context.batch.pending.push(Pending::Withdrawal { room: self.id, by: id, withdrawn });
        }
        if let Some(Device::Known(window)) = self.devices.get_mut(&(draft.sender, draft.device)) {
            window.insert(draft.sequence, id);
        }
        self.last = id;
        context.counters.accepted += 1;
    }
}
