//! Where a bank tells of money that came in.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use moim_persistence::{Deposit, NewDeposit, Origin, Reference, Via};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::client_address::ClientAddress;
use crate::clock::now_s;
use crate::problem::{Envelope, Problem};
use crate::rest::caller::Caller;
use crate::rest::openapi::Refused;

/// A notice of the bank.
#[derive(Deserialize, ToSchema)]
#[schema(as = BankNotice)]
#[serde(deny_unknown_fields)]
pub(super) struct Notice {
    /// The bank's own number of it: 1 to 64 printable ASCII characters. The same number is the same notice.
    #[schema(min_length = 1, max_length = 64, pattern = "^[!-~]{1,64}$")]
    id: String,
    /// What the payer wrote; one word of it is the code of a wallet.
    #[serde(default)]
    #[schema(max_length = 200)]
    reference: String,
    /// Who paid, as the bank knows him.
    #[serde(default)]
    #[schema(max_length = 80)]
    payer: String,
    /// Whole won, from 1; 0 in a correction of what never came.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    amount: i64,
    /// The number of an earlier notice that was wrong, and that this one replaces; it may come before that one.
    #[serde(default)]
    #[schema(max_length = 64)]
    corrects: Option<String>,
}

/// What has become of a notice.
#[derive(Serialize, ToSchema)]
#[schema(as = BankDeposit)]
pub(super) struct Taken {
    id: String,
    amount: i64,
    /// `CREDITED`; `RECEIVED`: will be; `UNMATCHED`: of no code that is known; `REPLACED`: by a correction; `STUCK`: the
    /// operator sees to it; `EARLY`: came before what it corrects.
    state: &'static str,
    /// The transfer that credited it.
    transfer: Option<u64>,
}

impl From<Deposit> for Taken {
    fn from(deposit: Deposit) -> Self {
        Self {
            amount: deposit.amount.get(),
            state: deposit.state.name(),
            transfer: deposit.transfer.map(|transfer| transfer.0),
            id: deposit.bank_id,
        }
    }
}

/// How to pay into one's wallet from a bank.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WalletReference {
    wallet_id: u64,
    /// To be written beside the payment.
    reference: String,
}

/// `POST /bank/deposits`: signed by the bank, `Moim-Signature` is the HMAC-SHA256 in hexadecimal digits of `Moim-Timestamp`, a
/// full stop and the body. Told twice it is done once; after a 5xx or no answer it is safe to tell it again.
#[utoipa::path(post, path = "/bank/deposits", tag = "v1", security(()), params(
    ("Moim-Timestamp" = String, Header, description = "Unix time in seconds, at most 5 minutes from the server's"),
    ("Moim-Signature" = String, Header, description = "64 hexadecimal digits"),
), request_body = Notice, responses((status = 200, body = Taken), (status = 409, description = "Another notice is known under that number", body = Envelope), Refused))]
pub(super) async fn deposit(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Taken>, Problem> {
    require_bank(&app)?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let signed = app.config.bank.verify(&header("moim-timestamp"), &header("moim-signature"), &body, now_s());
    if let Err(unsigned) = signed {
        app.counters.bank_unsigned.one();
        return Err(Problem::unauthorized(unsigned.to_string()));
    }
    let notice = serde_json::from_slice(&body)
        .map_err(|error| Problem::bad_request(format!("the body is not the JSON expected: {error}")))?;
    let Notice { id, reference, payer, amount, corrects } = notice;
    let new = NewDeposit { bank_id: id, reference, payer, amount, corrects };
    let origin = Origin { via: Via::Bank, address: address.0 };
    Ok(Json(app.persistence.accounts().by_way_of(origin).bank().take(new).await?.into()))
}

/// `GET /bank/reference`: the code of the caller's wallet.
#[utoipa::path(get, path = "/bank/reference", tag = "v1", responses((status = 200, body = WalletReference), Refused))]
pub(super) async fn reference(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
) -> Result<Json<WalletReference>, Problem> {
    require_bank(&app)?;
    let wallet = app.persistence.accounts().ledger().wallet(caller.user).await?.id;
    Ok(Json(WalletReference { wallet_id: wallet.0, reference: Reference::of(wallet).to_string() }))
}

fn require_bank(app: &App) -> Result<(), Problem> {
    if app.config.bank.is_empty() {
        return Err(Problem::forbidden("no bank is connected to this server; bank.secrets connects one"));
    }
    Ok(())
}
