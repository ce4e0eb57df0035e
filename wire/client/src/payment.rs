//! A payment is made once: under one key, asked again until its answer comes.

use std::fmt;
use std::time::Duration;

use moim_wire::body;
use moim_wire::schema;
use moim_wire::{Encoder, Envelope, ErrorCode, Opcode, RoomId};

use crate::client::Client;
use crate::config::random_u32;
use crate::connection::Status;
use crate::error::Error;
use crate::handshake::Secret;
use crate::money::{ChargeId, TransferId, Won};
use crate::request::Request;

/// The shortest wait before a server is asked again that could not answer.
const RETRY_MIN: Duration = Duration::from_millis(50);
/// The longest that a payment waits for by itself; who has guessed passwords waits longer, and is told.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// By which the server knows a payment again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentKey(String);

impl PaymentKey {
    /// A key that no other payment has.
    pub fn random() -> Self {
        Self([(); 4].map(|()| format!("{:08x}", random_u32())).concat())
    }

    /// One that was kept; 1 to 64 printable ASCII characters without spaces, which the server checks.
    pub fn kept(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// To be kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A payment of a charge. Paying the same one twice moves money once; for another payment make another one.
#[derive(Clone, Debug)]
pub struct Payment {
    room: RoomId,
    charge: ChargeId,
    amount: Won,
    key: PaymentKey,
    password: Secret,
}

impl Payment {
    /// Of so much for a charge of the caller's; `password` is his wallet's. Less than is open is a part payment, what is
    /// more becomes credit.
    pub fn new(room: RoomId, charge: ChargeId, amount: Won, password: impl Into<String>) -> Self {
        Self { room, charge, amount, key: PaymentKey::random(), password: Secret(password.into()) }
    }

    /// The same under a key that was kept, as by a program that was restarted before the answer came.
    #[must_use]
    pub fn under(self, key: PaymentKey) -> Self {
        Self { key, ..self }
    }

    /// Its key.
    pub const fn key(&self) -> &PaymentKey {
        &self.key
    }

    pub(crate) fn write(&self, encoder: &mut Encoder, out: &mut Vec<u8>, envelope: Envelope) {
        encoder.frame(out, Opcode::Pay, envelope, |b| {
            let (key, password) = (Some(b.create_string(&self.key.0)), Some(b.create_string(&self.password.0)));
            let Self { room, charge, amount, .. } = self;
            schema::Pay::create(b, &schema::PayArgs { room: room.0, charge: charge.0, amount: amount.0, key, password })
        });
    }
}

/// A payment that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// What moved the money.
    pub transfer: TransferId,
    /// How much.
    pub amount: Won,
    /// What the charge asks for now.
    pub open: Won,
    /// What the caller has paid too much in the room.
    pub credit: Won,
    /// It had been made before, under the same key.
    pub repeated: bool,
}

impl fmt::Display for Paid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} paid by transfer {}, {} open", self.amount, self.transfer, self.open)
    }
}

impl Client {
    /// Pays a charge. Over breaks, and while the server is busy or its stores do not answer, it is asked again under
    /// the same key, so that money moves once. The future may be dropped and the payment paid again: a server that has
    /// made it says so under its key, whatever has become of the password, the wallet and the membership since.
    ///
    /// # Errors
    /// [`Error::Refused`]: nothing was moved (`WrongPassword`, `InsufficientFunds`, `NoWallet`, `NotAMember`,
    /// `InvalidField`, `KeyReused`, `StorageFull`; `RateLimited` after wrong passwords, with the time to wait), and
    /// [`Error::RequestTooLong`]. After the others it may have been: [`Error::Uncertain`], refused after an answer was
    /// lost or by a server that failed; [`Error::SessionEnded`], [`Error::Closed`], [`Error::Protocol`]. Keep its key,
    /// and pay it again.
    pub async fn pay(&self, payment: &Payment) -> Result<Paid, Error> {
        let mut answer_lost = false;
        loop {
            let wait = match self.request(Request::Pay(payment.clone())).await {
                Ok(answer) => {
                    let paid = body::read::<schema::Paid<'_>>(answer.expect(Opcode::Paid)?)?;
                    return Ok(Paid {
                        transfer: TransferId(paid.transfer()),
                        amount: Won(paid.amount()),
                        open: Won(paid.open()),
                        credit: Won(paid.credit()),
                        repeated: paid.repeated(),
                    });
                }
                Err(Error::NotConnected) => None,
                Err(Error::Disconnected) => {
                    answer_lost = true;
                    None
                }
                Err(Error::Busy { retry_after }) => Some(retry_after),
                Err(Error::Refused(refusal)) => match refusal.error_code() {
                    // The store may have been lost between the payment and its answer.
                    Some(ErrorCode::StoreUnavailable) => {
                        answer_lost = true;
                        Some(refusal.retry_after)
                    }
                    Some(ErrorCode::Internal) => return Err(Error::Uncertain(refusal)),
                    Some(ErrorCode::RateLimited) if refusal.retry_after <= RETRY_MAX => Some(refusal.retry_after),
                    Some(ErrorCode::StorageFull) if answer_lost => Some(refusal.retry_after),
                    _ if answer_lost => return Err(Error::Uncertain(refusal)),
                    _ => return Err(Error::Refused(refusal)),
                },
                Err(error) => return Err(error),
            };
            match wait {
                Some(wait) => tokio::time::sleep(wait.max(RETRY_MIN)).await,
                None => self.connected().await?,
            }
        }
    }

    /// Waits until there is a connection.
    async fn connected(&self) -> Result<(), Error> {
        let mut status = self.status();
        // The connection's task says that it is without one before anything else is done.
        let settled = status.wait_for(|status| !matches!(status, Status::Reconnecting { .. })).await;
        match settled.map(|status| status.clone()) {
            Ok(Status::Ended(error)) => Err(error),
            Ok(_) => Ok(()),
            Err(_) => Err(self.ended()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_has_a_key_of_its_own_and_shows_no_password() {
        let payment = || Payment::new(RoomId(7), ChargeId(77), Won(10_000), "wallet horse");
        assert_ne!(payment().key(), payment().key());
        assert_eq!(payment().key().as_str().len(), 32);
        assert!(!format!("{:?}", Request::Pay(payment())).contains("horse"));
        let kept = PaymentKey::kept(payment().key().as_str());
        assert_eq!(payment().under(kept.clone()).key(), &kept);
    }
}
