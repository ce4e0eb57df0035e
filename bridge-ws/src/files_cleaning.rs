//! What crashes and withdrawals left of files is cleaned up at the start and from time to time.

use std::sync::Arc;

use moim_persistence::FileId;
use tokio::time::sleep;

use crate::app::App;

/// Cleans until the bridge stops. Only where this process has the store of messages, which knows what was withdrawn.
pub(crate) async fn clean(app: Arc<App>) {
    let Some(messages) = app.persistence.messages() else { return };
    let files = app.persistence.accounts().files();
    let mut looked_up_to = FileId::default();
    loop {
        let cleaned = tokio::select! {
            cleaned = files.clean(messages, looked_up_to) => cleaned,
            () = app.stop.cancelled() => return,
        };
        match cleaned {
            Ok(cleaned) => {
                looked_up_to = cleaned.looked_up_to;
                app.counters.files_cleaned.add(cleaned.removed);
            }
            Err(error) => tracing::warn!(%error, "files are cleaned up later"),
        }
        tokio::select! {
            () = sleep(app.config.limits.files_clean_interval) => {}
            () = app.stop.cancelled() => return,
        }
    }
}
