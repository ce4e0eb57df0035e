//! What the bridge is told when it starts.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::bank::BankSecrets;
use crate::oauth::OauthProvider;
use crate::rest::FileTypes;

/// Answers `/metrics`: lines in the Prometheus text format.
pub type Metrics = Arc<dyn Fn() -> String + Send + Sync>;
/// Answers `/health`: an object whose `status` is `"UP"` or else names what is wrong.
pub type Health = Arc<dyn Fn() -> serde_json::Value + Send + Sync>;

/// Configuration of a bridge.
#[derive(Clone)]
pub struct Config {
    /// Address for browsers; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Address of the engine.
    pub engine: SocketAddr,
    /// What the bridge shows the engine to be taken for a trunk.
    pub trunk_secret: String,
    /// Connections to the engine, at least 1. A room's message crosses each that has a follower of the room.
    pub trunks: usize,
    /// Origins besides the bridge's own that may use it, as `scheme://host[:port]`.
    pub allowed_origins: Vec<String>,
    /// Marks cookies `Secure`: for installations that are reached by https alone.
    pub secure_cookies: bool,
    /// Takes a client's address from the last entry of `X-Forwarded-For`: only behind a proxy that sets it.
    pub trust_forwarded: bool,
    /// A trial installation with made-up people, and won that anyone puts into his wallet: `GET /api/v1/about` says so,
    /// sign-ups are not limited by address, mock data and the load-test door are open.
    pub trial: bool,
    /// Where people reach the bridge, as `https://chat.example.org`: providers of logins send them back there.
    pub public_url: String,
    /// Who may say who somebody is, besides a password.
    pub oauth: Vec<OauthProvider>,
    /// What a bank signs its notices with; without, there is no bank.
    pub bank: BankSecrets,
    /// Which types of files may be uploaded.
    pub file_types: FileTypes,
    /// The bridge's own threads, at least 1. Connections and trunks are dealt to them.
    pub threads: usize,
    /// Capacities and times.
    pub limits: Limits,
    /// Answers `/metrics` and `/actuator/prometheus`; the bridge appends its own lines.
    pub metrics: Metrics,
    /// Answers `/health` and `/actuator/health`; the bridge adds its own part.
    pub health: Health,
}

impl Config {
    /// The configuration of a bridge on `listen` to the engine at `engine`, everything else as a fresh installation
    /// has it: one trunk, one thread, no foreign origins.
    pub fn new(listen: SocketAddr, engine: SocketAddr, trunk_secret: String) -> Self {
        Self {
            listen,
            engine,
            trunk_secret,
            trunks: 1,
            allowed_origins: Vec::new(),
            secure_cookies: false,
            trust_forwarded: false,
            trial: false,
            public_url: format!("http://{listen}"),
            oauth: Vec::new(),
            bank: BankSecrets::default(),
            file_types: FileTypes::default(),
            threads: 1,
            limits: Limits::default(),
            metrics: Arc::new(String::new),
            health: Arc::new(|| serde_json::json!({ "status": "UP" })),
        }
    }
}

impl fmt::Debug for Config {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("engine", &self.engine)
            .field("trunks", &self.trunks)
            .field("allowed_origins", &self.allowed_origins)
            .field("threads", &self.threads)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Every capacity of the bridge. What happens at each is said here; [`Stats`](crate::Stats) counts it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// HTTP connections at once, sockets not counted. One more is closed as soon as it is accepted.
    pub connections_max: usize,
    /// WebSockets at once. One more is answered 503.
    pub sockets_max: usize,
    /// Sessions on one trunk. One more gets GOODBYE `TooManySessions`.
    pub trunk_sessions_max: usize,
    /// Bytes of rooms' frames that wait for one browser. Past them its messages are left out room by room and a GAP
    /// follows once it reads again; marks, typing and presence are shed at half.
    pub socket_room_bytes_max: usize,
    /// Bytes of all frames that wait for one browser. Past them the socket is closed with 1013.
    pub socket_bytes_max: usize,
    /// Bytes that wait for one trunk. Past them requests are answered BUSY; typing and read marks are shed at half.
    pub trunk_bytes_max: usize,
    /// Requests of the bridge itself (SYNC, REVOKE) that wait on one trunk. One more fails at once.
    pub trunk_requests_max: usize,
    /// Frames a second from one browser in the long run; 0: no limit. Past them requests are answered ERROR
    /// `RateLimited`.
    pub frames_per_second: u32,
    /// Frames from one browser at once, as after a reconnect that opens all its rooms.
    pub frames_burst: u32,
    /// Bytes of one WebSocket message from a browser. A larger one closes the socket with 1009.
    pub socket_message_bytes_max: usize,
    /// Time until HELLO. A socket silent for longer is closed with 1008.
    pub hello_timeout: Duration,
    /// Time between pings; a browser that said nothing for two of them is gone.
    pub ping_interval: Duration,
    /// How often a STOMP client hears at least of the bridge and the bridge of it, unless the client wants it slower.
    pub stomp_heartbeat: Duration,
    /// Subscriptions of one STOMP client. One more is answered ERROR.
    pub stomp_subscriptions_max: usize,
    /// Bodies of the newest messages that STOMP clients share. The oldest is let go; who still needs it encodes it again.
    pub stomp_bodies_max: usize,
    /// Bytes of a request's body, or of a STOMP frame's. A larger one is answered 413, or ERROR.
    pub body_bytes_max: usize,
    /// Bytes of a request's line and headers; below 8 KiB it is 8 KiB. More are answered 431.
    pub header_bytes_max: usize,
    /// Time for a request's headers, and for an idle connection to ask again.
    pub header_timeout: Duration,
    /// Time for a request's body and its answer. A slower one is answered 408.
    pub request_timeout: Duration,
    /// Uploads at once, each with two parts in memory (1 MiB; 5 MiB on the way to S3). One more is answered 503.
    pub uploads_max: usize,
    /// Downloads at once, each with three pieces of 256 KiB in memory. One more is answered 503.
    pub downloads_max: usize,
    /// Time for a whole upload. A slower one is answered 408.
    pub upload_timeout: Duration,
    /// Time in which something of an upload must come, or of a download be taken. Then it is given up.
    pub transfer_stall: Duration,
    /// How often is looked for files that crashes and withdrawals left.
    pub files_clean_interval: Duration,
    /// Time that a REST answer waits for the engine to sequence a change or end a login.
    pub engine_timeout: Duration,
    /// People who call over REST and for whom a session is held, each for a minute after the last call. One more is
    /// answered 503.
    pub agents_max: usize,
    /// Time that a REST answer waits for what the engine says to its caller's own request.
    pub answer_timeout: Duration,
    /// Time for a step of a login by a provider: its description and tokens, and then what it says of somebody new. Past it the
    /// person is told that it is slow.
    pub provider_timeout: Duration,
    /// Time that a stopping bridge gives requests and sockets to end.
    pub stop_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 4_096,
            sockets_max: 16_384,
            trunk_sessions_max: 65_536,
            socket_room_bytes_max: 256 * 1024,
            socket_bytes_max: 4 * 1024 * 1024,
            trunk_bytes_max: 8 * 1024 * 1024,
            trunk_requests_max: 4_096,
            frames_per_second: 300,
            frames_burst: 1_000,
            socket_message_bytes_max: 64 * 1024,
            hello_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(30),
            stomp_heartbeat: Duration::from_secs(4),
            stomp_subscriptions_max: 500,
            stomp_bodies_max: 1_024,
            body_bytes_max: 64 * 1024,
            header_bytes_max: 16 * 1024,
            header_timeout: Duration::from_secs(15),
            request_timeout: Duration::from_secs(15),
            uploads_max: 16,
            downloads_max: 256,
            upload_timeout: Duration::from_secs(15 * 60),
            transfer_stall: Duration::from_secs(30),
            files_clean_interval: Duration::from_secs(60),
            engine_timeout: Duration::from_secs(1),
            agents_max: 16_384,
            answer_timeout: Duration::from_secs(10),
            provider_timeout: Duration::from_secs(5),
            stop_timeout: Duration::from_secs(5),
        }
    }
}
