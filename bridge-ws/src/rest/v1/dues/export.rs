//! The board as a table for spreadsheets.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use moim_persistence::{ChargeEntry, Request, RequestId, Standing};
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
/// Requests of one table, the newest of them.
const REQUESTS_MAX: usize = 100;

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesLanguage)]
enum Language {
    #[default]
    Ko,
    En,
}

/// Of what, and with which words.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// One request alone; without it, the newest 100.
    request: Option<u64>,
    #[serde(default)]
    #[param(inline)]
    lang: Language,
}

/// `GET /rooms/{room}/dues/export`: CSV, a line a charge.
#[utoipa::path(get, path = "/rooms/{room}/dues/export", tag = "dues", params(("room" = u32, Path, description = "The room"), Which), responses((status = 200, body = String, content_type = "text/csv"), Refused))]
pub(super) async fn export(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(room): InPath<u32>,
    InQuery(which): InQuery<Which>,
) -> Result<impl IntoResponse, Problem> {
    let (dues, room) = (dues(&app), RoomId(room));
    let requests = match which.request {
        Some(request) => vec![RequestId(request)],
        None => {
            let requests = dues.requests(caller.user, room, None, REQUESTS_MAX).await?;
            requests.iter().rev().map(|request| request.id).collect()
        }
    };
    let mut table = Table::begin(which.lang);
    for request in requests {
        let (request, charges) = dues.request(caller.user, room, request).await?;
        for charge in &charges {
            table.line(&request, charge, which.lang);
        }
    }
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"moim-dues-{room}.csv\"")),
    ];
    Ok((headers, table.text))
}

struct Table {
    text: String,
}

impl Table {
    fn begin(language: Language) -> Self {
        let mut table = Self { text: BYTE_ORDER_MARK.to_string() };
        let names = match language {
            Language::Ko => {
                ["청구", "마감일", "이름", "금액", "연체료", "면제", "납부", "남은 금액", "상태", "사유", "최근 납부"]
            }
            Language::En => [
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

    fn line(&mut self, request: &Request, entry: &ChargeEntry, language: Language) {
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

const fn standing(standing: Standing, language: Language) -> &'static str {
    match (standing, language) {
        (Standing::Open, Language::Ko) => "미납",
        (Standing::Paid, Language::Ko) => "완납",
        (Standing::Exempt, Language::Ko) => "면제",
        (Standing::Void, Language::Ko) => "취소",
        (standing, Language::En) => super::board::name_of(standing),
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
