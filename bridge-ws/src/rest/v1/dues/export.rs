//! The board as a table for spreadsheets.

use std::fmt::Write;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use futures_util::{StreamExt, stream};
use moim_persistence::{ChargeEntry, Dues, Error, Reader, Request, RequestId, Standing};
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
    let mut table = DuesTable::begin(dues(&app), caller.user, room, request, which.lang).await?;
    // Whatever refuses the table is found before it is answered.
    let first = table.next().await?;
    let others =
        stream::try_unfold(table, async |mut table| Ok::<_, Error>(table.next().await?.map(|lines| (lines, table))));
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"moim-dues-{room}.csv\"")),
    ];
    Ok((headers, Body::from_stream(stream::iter(first.map(Ok)).chain(others))))
}

/// The charges of a room, or of one request of it, as CSV: a line each, the oldest request first. The charges of one request
/// are in memory at a time.
pub struct DuesTable {
    dues: Dues,
    reader: Reader,
    room: RoomId,
    language: DuesLanguage,
    /// Those that are still to be read, the newest first.
    requests: Vec<RequestId>,
    /// Lines that are made and not given yet.
    lines: Lines,
}

impl DuesTable {
    /// # Errors
    /// As [`Dues::requests`].
    pub async fn begin(
        dues: Dues,
        reader: impl Into<Reader>,
        room: RoomId,
        request: Option<RequestId>,
        language: DuesLanguage,
    ) -> Result<Self, Error> {
        let reader = reader.into();
        let mut requests: Vec<RequestId> = request.into_iter().collect();
        while request.is_none() {
            let page = dues.requests(reader, room, requests.last().copied(), REQUESTS_MAX).await?;
            requests.extend(page.iter().map(|request| request.id));
            if page.len() < REQUESTS_MAX {
                break;
            }
        }
        Ok(Self { dues, reader, room, language, requests, lines: Lines::begin(language) })
    }

    /// The next lines: the names of the columns before the first; none after the last.
    ///
    /// # Errors
    /// As [`Dues::request`].
    pub async fn next(&mut self) -> Result<Option<String>, Error> {
        while let Some(request) = self.requests.pop() {
            let (request, charges) = self.dues.request(self.reader, self.room, request).await?;
            for charge in &charges {
                self.lines.charge(&request, charge, self.language);
            }
            if !charges.is_empty() {
                break;
            }
        }
        let lines = std::mem::take(&mut self.lines.0);
        Ok(Some(lines).filter(|lines| !lines.is_empty()))
    }
}

struct Lines(String);

impl Lines {
    fn begin(language: DuesLanguage) -> Self {
        let mut lines = Self(BYTE_ORDER_MARK.to_string());
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
        lines.fields(&names.map(str::to_owned));
        lines
    }

    fn charge(&mut self, request: &Request, entry: &ChargeEntry, language: DuesLanguage) {
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
            let _ = write!(self.0, "{comma}\"{}\"", guarded(field).replace('"', "\"\""));
        }
        self.0.push_str("\r\n");
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
        let mut lines = Lines(String::new());
        lines.fields(&["=1+1".to_owned(), "a,\"b\"".to_owned(), "@SUM".to_owned(), "민지".to_owned()]);
        assert_eq!(lines.0, "\"'=1+1\",\"a,\"\"b\"\"\",\"'@SUM\",\"민지\"\r\n");
    }
}
