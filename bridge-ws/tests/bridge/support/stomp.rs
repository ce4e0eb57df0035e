//! A STOMP client, as tests drive it.

use std::collections::VecDeque;
use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Request;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{Opened, World, frames};

pub(crate) struct Stomp {
    socket: WebSocketStream<TcpStream>,
    read: VecDeque<Read>,
}

/// A frame as the bridge wrote it, escapes and all.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) command: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Read {
    fn parse(text: &str) -> Self {
        let (head, rest) = text.split_once("\n\n").expect("an empty line ends the headers");
        let body = rest.strip_suffix('\0').expect("a NUL ends the frame");
        let mut lines = head.lines();
        let command = lines.next().unwrap().to_owned();
        let header =
            |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
        let read = Self { command, headers: lines.map(header).collect(), body: body.to_owned() };
        if !body.is_empty() {
            assert_eq!(read.header("content-length"), body.len().to_string());
        }
        read
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The upgrade request of a script: no cookie, no subprotocol, no origin.
pub(crate) fn request(bridge: SocketAddr) -> Request<()> {
    format!("ws://{bridge}/ws-stomp").into_client_request().unwrap()
}

/// A frame with a body.
pub(crate) fn frame(command: &str, headers: &[&str], body: &str) -> String {
    let headers: String = headers.iter().map(|header| format!("{header}\n")).collect();
    format!("{command}\n{headers}\n{body}\0")
}

/// CONNECT as stompjs writes it, with a token as scripts add it.
pub(crate) fn connect(token: &str) -> String {
    let authorization = format!("Authorization:Bearer {token}");
    frame(
        "CONNECT",
        &["accept-version:1.0,1.1,1.2", "heart-beat:0,0", "login:guest", "passcode:guest", &authorization],
        "",
    )
}

pub(crate) fn subscribe(id: &str, room: u32) -> String {
    frame("SUBSCRIBE", &[&format!("id:{id}"), &format!("destination:/sub/chat/room/{room}")], "")
}

/// A SEND of something to say.
pub(crate) fn talk(room: u32, text: &str, headers: &[&str]) -> String {
    let body = format!(r#"{{"type":"TALK","channelId":{room},"message":"{text}"}}"#);
    frame("SEND", &[&["destination:/pub/chat/message"], headers].concat(), &body)
}

impl Stomp {
    pub(crate) async fn open(bridge: SocketAddr) -> Self {
        Self::open_with(TcpStream::connect(bridge).await.unwrap(), request(bridge)).await.0
    }

    /// A client whose receive buffer is as small as the system allows, so that reading slowly shows soon.
    pub(crate) async fn open_narrow(bridge: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        Self::open_with(socket.connect(bridge).await.unwrap(), request(bridge)).await.0
    }

    /// The client and the subprotocol that was agreed.
    pub(crate) async fn open_with(stream: TcpStream, request: Request<()>) -> (Self, String) {
        let (socket, answer) = client_async(request, stream).await.unwrap();
        let subprotocol = answer.headers().get("sec-websocket-protocol");
        let subprotocol = subprotocol.map_or("", |value| value.to_str().unwrap()).to_owned();
        (Self { socket, read: VecDeque::new() }, subprotocol)
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.send_message(Message::text(text)).await;
    }

    pub(crate) async fn send_message(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// The next text message, a heart-beat among them; `Err` with the close code where the socket closes instead, 1006
    /// where it breaks.
    pub(crate) async fn next_text(&mut self) -> Result<String, u16> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(Some(close)))) => return Err(close.code.into()),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Err(1006),
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next frame, heart-beats passed over.
    pub(crate) async fn next_or_close(&mut self) -> Result<Read, u16> {
        if let Some(read) = self.read.pop_front() {
            return Ok(read);
        }
        loop {
            let text = self.next_text().await?;
            if text != "\n" {
                return Ok(Read::parse(&text));
            }
        }
    }

    /// The next frame, which must have that command.
    pub(crate) async fn next(&mut self, command: &str) -> Read {
        let read = self.next_or_close().await.unwrap();
        assert_eq!(read.command, command, "{read:?}");
        read
    }

    /// The message of the ERROR that must come next, and the close code that must follow.
    pub(crate) async fn next_error(&mut self) -> (Read, u16) {
        let error = self.next("ERROR").await;
        let close = self.next_or_close().await.expect_err("an ERROR is the last frame");
        (error, close)
    }

    pub(crate) async fn close(mut self) {
        self.socket.close(None).await.unwrap();
        while let Some(Ok(_)) = self.socket.next().await {}
    }
}

impl World {
    /// A client whose session stands for the user, and the session's number on the trunk.
    pub(crate) async fn stomp(&mut self, user: u32) -> (Stomp, u32) {
        let stomp = Stomp::open(self.bridge.local_addr()).await;
        self.stomp_connected(stomp, user).await
    }

    pub(crate) async fn stomp_connected(&mut self, mut stomp: Stomp, user: u32) -> (Stomp, u32) {
        stomp.send(&connect("token")).await;
        let attach = self.engine.next(moim_wire::Opcode::Attach).await;
        let session = attach.header.session;
        self.engine.send(&frames::welcome_user(attach.header.request, session, user)).await;
        stomp.next("CONNECTED").await;
        (stomp, session)
    }

    /// Subscribes and opens the room as the engine would, from `newest_id` on.
    pub(crate) async fn stomp_subscribed(&mut self, stomp: &mut Stomp, id: &str, room: u32, newest_id: u64) {
        let receipt = format!("receipt:opened-{id}");
        let destination = format!("destination:/sub/chat/room/{room}");
        stomp.send(&frame("SUBSCRIBE", &[&format!("id:{id}"), &destination, &receipt], "")).await;
        let open = self.engine.next(moim_wire::Opcode::Open).await;
        let opened = Opened { request: open.header.request, session: open.header.session, room, newest_id };
        self.engine.send(&frames::opened_from(&opened)).await;
        assert_eq!(stomp.next("RECEIPT").await.header("receipt-id"), format!("opened-{id}"));
    }
}
