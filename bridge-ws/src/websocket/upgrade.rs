//! From an HTTP request to a socket of native frames.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use super::greeting::Visitor;
use super::session::Session;
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::credentials::Credentials;
use crate::problem::Problem;
use crate::upgrade::{Promised, Upgrade, lists};

const SUBPROTOCOL: &str = "moim.v1";

/// `GET /ws`: checks the request and answers 101; the socket goes on in a task of its own.
pub(crate) async fn upgrade(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let upgrade = Upgrade::of(&app, &parts)?;
    check_subprotocol(&parts.headers).inspect_err(|_| app.counters.upgrades_refused.one())?;
    let (response, promised) = upgrade.agree(Some(SUBPROTOCOL))?;
    let token = Credentials::find(&parts.headers).map(|found| found.token);
    let visitor = Visitor { token, address: address.to_string() };
    app.tasks.spawn(serve(app.clone(), promised, visitor));
    Ok(response)
}

fn check_subprotocol(headers: &HeaderMap) -> Result<(), Problem> {
    if lists(headers, header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        return Ok(());
    }
    Err(Problem::bad_request("the subprotocol moim.v1 must be offered"))
}

async fn serve(app: Arc<App>, promised: Promised, visitor: Visitor) {
    let Some((socket, read, _permit)) = Box::pin(socket(promised)).await else { return };
    app.counters.sockets_opened.one();
    app.counters.sockets.one();
    let mut session = Session::new(app.clone(), socket, visitor);
    // Boxed is what most of a socket's life does without.
    let farewell = match session.begin(read) {
        Ok(()) => match Box::pin(session.greet()).await {
            Ok(()) => session.run().await,
            Err(farewell) => farewell,
        },
        Err(farewell) => farewell,
    };
    Box::pin(session.part(farewell)).await;
    app.counters.sockets.less(1);
}

/// The connection itself, and what was read of it behind the request.
async fn socket(promised: Promised) -> Option<(TcpStream, Vec<u8>, OwnedSemaphorePermit)> {
    let (upgraded, permit) = promised.connection().await?;
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().expect("the server serves TCP alone");
    Some((parts.io.into_inner(), parts.read_buf.into(), permit))
}
