//! A wire between the stores and a database that breaks at a COMMIT: before the database has it, or before its answer is
//! back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// COM_QUERY with a text of "COMMIT": four bytes of length and number, then the command.
const COMMIT: &[u8] = b"\x07\0\0\0\x03COMMIT";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The database never hears of it.
    BeforeCommit,
    /// The database has done it, and its answer is lost.
    BeforeAnswer,
}

/// Carries connections to a database.
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    /// Commits that are still to be cut.
    cuts: Arc<AtomicU32>,
}

impl Wire {
    pub(crate) async fn to(database: SocketAddr, cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cuts = Arc::new(AtomicU32::new(0));
        let left = cuts.clone();
        tokio::spawn(async move {
            while let Ok((stores, _)) = listener.accept().await {
                let left = left.clone();
                // A connection that breaks ends both of its ends.
                tokio::spawn(async move { carry(stores, database, cut, &left).await.ok() });
            }
        });
        Self { address, cuts }
    }

    /// Cuts the next commits.
    pub(crate) fn cut(&self, commits: u32) {
        self.cuts.store(commits, Ordering::SeqCst);
    }

    pub(crate) fn cuts_left(&self) -> u32 {
        self.cuts.load(Ordering::SeqCst)
    }
}

async fn carry(mut stores: TcpStream, database: SocketAddr, cut: Cut, left: &AtomicU32) -> std::io::Result<()> {
    let mut database = TcpStream::connect(database).await?;
    let (mut up, mut down) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = stores.read(&mut up) => {
                let read = read?;
                let is_cut = up[..read] == *COMMIT
                    && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
                if read == 0 || (is_cut && cut == Cut::BeforeCommit) {
                    return Ok(());
                }
                database.write_all(&up[..read]).await?;
                if is_cut {
                    database.readable().await?;
                    return Ok(());
                }
            }
            read = database.read(&mut down) => {
                let read = read?;
                if read == 0 {
                    return Ok(());
                }
                stores.write_all(&down[..read]).await?;
            }
        }
    }
}
