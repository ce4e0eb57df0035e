//! Requests to providers: no redirects, which would let a provider make this server ask others, and answers that fit in
//! memory. The time for them is the caller's.

use std::future::Future;
use std::pin::Pin;

use openidconnect::{HttpRequest, HttpResponse};

/// Descriptions, keys and tokens are a few KiB.
const ANSWER_BYTES_MAX: usize = 512 * 1024;

/// What went wrong on the way.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error("an answer of more than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    #[error("an answer that is none: {0}")]
    Answer(#[from] openidconnect::http::Error),
}

/// An answer under way.
pub(super) type Asked = Pin<Box<dyn Future<Output = Result<HttpResponse, Fault>> + Send>>;

pub(super) fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()
}

pub(super) async fn ask(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, Fault> {
    let mut answer = client.execute(request.try_into()?).await?;
    let mut head = openidconnect::http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        head = head.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await? {
        if body.len() + piece.len() > ANSWER_BYTES_MAX {
            return Err(Fault::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    Ok(head.body(body)?)
}
