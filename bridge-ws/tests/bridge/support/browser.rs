//! A browser's socket, as tests drive it.

use std::collections::VecDeque;
use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::{Decoder, ErrorCode, Header, Opcode, body, schema};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Request};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::engine::Carried;

pub(crate) struct Browser {
    socket: WebSocketStream<TcpStream>,
    read: VecDeque<Carried>,
}

/// The upgrade request of a page of the bridge itself.
pub(crate) fn request(bridge: SocketAddr) -> Request<()> {
    let mut request = format!("ws://{bridge}/ws").into_client_request().unwrap();
    set(&mut request, "sec-websocket-protocol", "moim.v1");
    request
}

pub(crate) fn set(request: &mut Request<()>, name: &'static str, value: &str) {
    request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::try_from(value).unwrap());
}

/// The status with which the bridge refuses an upgrade.
pub(crate) async fn refused(bridge: SocketAddr, request: Request<()>) -> u16 {
    let stream = TcpStream::connect(bridge).await.unwrap();
    match client_async(request, stream).await {
        Err(Error::Http(answer)) => answer.status().as_u16(),
        other => panic!("not refused: {other:?}"),
    }
}

impl Browser {
    pub(crate) async fn connect(bridge: SocketAddr) -> Self {
        Self::connect_with(bridge, request(bridge)).await
    }

    pub(crate) async fn connect_with(bridge: SocketAddr, request: Request<()>) -> Self {
        Self::upgrade(TcpStream::connect(bridge).await.unwrap(), request).await
    }

    /// A browser whose receive buffer is as small as the system allows, so that reading slowly shows soon.
    pub(crate) async fn connect_narrow(bridge: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        Self::upgrade(socket.connect(bridge).await.unwrap(), request(bridge)).await
    }

    async fn upgrade(stream: TcpStream, request: Request<()>) -> Self {
        let (socket, answer) = client_async(request, stream).await.unwrap();
        assert_eq!(answer.headers()["sec-websocket-protocol"], "moim.v1");
        Self { socket, read: VecDeque::new() }
    }

    /// Sends bytes as one binary message.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.send_message(Message::binary(bytes.to_vec())).await;
    }

    pub(crate) async fn send_message(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// The next frame; `Err` with the close code where the socket closes instead, 1006 where it breaks.
    pub(crate) async fn next_or_close(&mut self) -> Result<Carried, u16> {
        loop {
            if let Some(frame) = self.read.pop_front() {
                return Ok(frame);
            }
            match self.socket.next().await {
                Some(Ok(Message::Binary(bytes))) => {
                    let read = &mut self.read;
                    let mut decoder = Decoder::new(FRAME_BYTES_MAX);
                    let whole = decoder.feed(&bytes, |frame| {
                        read.push_back(Carried { header: frame.header, bytes: frame.bytes.to_vec() });
                    });
                    whole.unwrap();
                    assert!(!decoder.is_mid_frame(), "a message ends within a frame");
                }
                Some(Ok(Message::Close(Some(close)))) => return Err(close.code.into()),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Err(1006),
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next frame, which must be of that operation.
    pub(crate) async fn next(&mut self, opcode: Opcode) -> Carried {
        let frame = self.next_or_close().await.unwrap();
        assert_eq!(frame.opcode(), Some(opcode), "{:?}", Header::read(&frame.bytes));
        frame
    }

    /// The payload of the next WebSocket pong.
    pub(crate) async fn next_pong(&mut self) -> String {
        loop {
            if let Message::Pong(payload) = self.socket.next().await.unwrap().unwrap() {
                return String::from_utf8(payload.to_vec()).unwrap();
            }
        }
    }

    /// Returns when a frame of that operation has come; others are passed over.
    pub(crate) async fn until(&mut self, opcode: Opcode) {
        while self.next_or_close().await.unwrap().opcode() != Some(opcode) {}
    }

    /// The next MESSAGE of that kind; gives its sender, reference and text. Others are passed over.
    pub(crate) async fn next_of(&mut self, kind: schema::Kind) -> (u32, u64, String) {
        loop {
            let frame = self.next_or_close().await.unwrap();
            if frame.opcode() != Some(Opcode::Message) {
                continue;
            }
            let message = body::read::<schema::Message<'_>>(frame.body()).unwrap();
            if message.kind() == kind {
                return (message.head().sender(), message.reference(), message.text().to_owned());
            }
        }
    }

    /// The next frame, which must be a MESSAGE; gives its `prev_id` and id.
    pub(crate) async fn next_message(&mut self) -> (u64, u64) {
        let frame = self.next(Opcode::Message).await;
        let head = *body::read::<schema::Message<'_>>(frame.body()).unwrap().head();
        (head.prev_id(), head.id())
    }

    /// The next frame, which must be an ERROR; gives its request and code.
    pub(crate) async fn next_error(&mut self) -> (u32, ErrorCode) {
        let frame = self.next(Opcode::Error).await;
        let code = body::read::<schema::Error<'_>>(frame.body()).unwrap().code();
        (frame.header.request, ErrorCode::from_u16(code).unwrap())
    }

    /// GOODBYE's code and then the close code; both must come next.
    pub(crate) async fn next_goodbye(&mut self) -> (ErrorCode, u16) {
        let frame = self.next(Opcode::Goodbye).await;
        let code = body::read::<schema::Goodbye<'_>>(frame.body()).unwrap().code();
        (ErrorCode::from_u16(code).unwrap(), self.next_close().await)
    }

    /// The close code, which must come next.
    pub(crate) async fn next_close(&mut self) -> u16 {
        match self.next_or_close().await {
            Err(code) => code,
            Ok(frame) => panic!("not closed, but {:?}", frame.opcode()),
        }
    }

    pub(crate) async fn close(mut self) {
        self.socket.close(None).await.unwrap();
        while let Some(Ok(_)) = self.socket.next().await {}
    }
}
