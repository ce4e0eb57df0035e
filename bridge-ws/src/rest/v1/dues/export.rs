//! The board as a table for spreadsheets.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use moim_persistence::{ChargeEntry, Dues, Error, Request, RequestId, Standing, UserId};
use moim_wire::RoomId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::dues;
use crate::app::App;
use crate::local_time;
use crate::problem::Problem;
use crate::rest::caller::Caller;
use crate::rest::input::{InPath, InQuery};
use crate::rest::openapi::Refused;

/// By it a spreadsheet knows that what follows is UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';
/// Requests read at a time.
const REQUESTS_MAX: usize = 100;

/// With which words a table is made.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum DuesLanguage {
    /// Korean.
    #[default]
    Ko,
    /// English.
    En,
}

/// Of what, and with which words.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// One request alone; without it, all of the room.
    request: Option<u64>,
    #[serde(default)]
    #[param(inline)]
    lang: DuesLanguage,
}

/// `GET /rooms/{room}/dues/export`: CSV, a line a charge.
#[utoipa::path(get, path = "/rooms/{room}/dues/export", tag = "dues", params(("room" = u32, Path, description = "The room"), Which), responses((status = 200, body = String, content_type = "text/csv"), Refused))]
pub(super) async fn export(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(room): InPath<u32>,
    InQuery(which): InQuery<Which>,
) -> Result<impl IntoResponse, Problem> {
    let (room, request) = (RoomId(room), which.request.map(RequestId));
    let table = dues_table(&dues(&app), caller.user, room, request, which.lang).await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"moim-dues-{room}.csv\"")),
    ];
    Ok((headers, table))
}

/// The charges of a room, or of one request of it, as CSV: a line each, the oldest request first.
///
/// # Errors
/// As [`Dues::request`], of a reader who is no member.
pub async fn dues_table(
    dues: &Dues,
    reader: UserId,
    room: RoomId,
    request: Option<RequestId>,
    language: DuesLanguage,
) -> Result<String, Error> {
    let mut requests: Vec<RequestId> = request.into_iter().collect();
    let mut before = None;
    while request.is_none() {
        let page = dues.requests(reader, room, before, REQUESTS_MAX).await?;
        requests.extend(page.iter().map(|request| request.id));
        before = requests.last().copied();
        if page.len() < REQUESTS_MAX {
            break;
        }
    }
    let mut table = Table::begin(language);
    for request in requests.into_iter().rev() {
        let (request, charges) = dues.request(reader, room, request).await?;
        for charge in &charges {
            table.line(&request, charge, language);
        }
    }
    Ok(table.text)
}

struct Table {
    text: String,
}

impl Table {
    fn begin(language: DuesLanguage) -> Self {
        let mut table = Self { text: BYTE_ORDER_MARK.to_string() };
        let names = match language {
            DuesLanguage::Ko => {
                ["청구", "마감일", "이름", "금액", "연체료", "면제", "납부", "남은 금액", "상태", "사유", "최근 납부"]
            }
            DuesLanguage::En => [
                "Request",
                "Due",
                "Name",
                "Amount",
                "Late fee",
                "Waived",
                "Paid",
                "Open",
                "State",
                "Reason",
                "Last paid",
            ],
        };
        table.fields(&names.map(str::to_owned));
        table
    }

    fn line(&mut self, request: &Request, entry: &ChargeEntry, language: DuesLanguage) {
        let charge = &entry.charge;
        self.fields(&[
            request.title.clone(),
            request.due.to_string(),
            entry.name.clone(),
            charge.amount.get().to_string(),
            charge.late_fee.get().to_string(),
            charge.waived.get().to_string(),
            charge.paid.get().to_string(),
            charge.open().get().to_string(),
            standing(charge.standing(), language).to_owned(),
            charge.reason.clone(),
            entry.moved_at_ms.map(local_time::of_unix_ms).unwrap_or_default(),
        ]);
    }

    fn fields<const COLUMNS: usize>(&mut self, fields: &[String; COLUMNS]) {
        for (column, field) in fields.iter().enumerate() {
            let comma = if column > 0 { "," } else { "" };
            // Writing to a string does not fail.
            let _ = write!(self.text, "{comma}\"{}\"", guarded(field).replace('"', "\"\""));
        }
        self.text.push_str("\r\n");
    }
}

/// What a spreadsheet would carry out begins with an apostrophe, and is text.
fn guarded(field: &str) -> String {
    if field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{field}") } else { field.to_owned() }
}

const fn standing(standing: Standing, language: DuesLanguage) -> &'static str {
    match (standing, language) {
        (Standing::Open, DuesLanguage::Ko) => "미납",
        (Standing::Paid, DuesLanguage::Ko) => "완납",
        (Standing::Exempt, DuesLanguage::Ko) => "면제",
        (Standing::Void, DuesLanguage::Ko) => "취소",
        (standing, DuesLanguage::En) => standing.name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_neither_carried_out_nor_split() {
        let mut table = Table { text: String::new() };
        table.fields(&["=1+1".to_owned(), "a,\"b\"".to_owned(), "@SUM".to_owned(), "민지".to_owned()]);
        assert_eq!(table.text, "\"'=1+1\",\"a,\"\"b\"\"\",\"'@SUM\",\"민지\"\r\n");
    }
}
