//! How long nobody has been connected.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// Counts connections.
#[derive(Debug, Clone)]
pub(crate) struct Idle(Arc<watch::Sender<usize>>);

/// A connection, or what a connection became: while it lives, the service does.
pub(crate) struct Busy(Arc<watch::Sender<usize>>);

impl Idle {
    pub(crate) fn new() -> Idle {
        Idle(Arc::new(watch::Sender::new(0)))
    }

    pub(crate) fn enter(&self) -> Busy {
        self.0.send_modify(|count| *count += 1);
        Busy(Arc::clone(&self.0))
    }

    /// Returns when nobody has been connected for `time`.
    // ANCHOR: idle
    pub(crate) async fn quiet_for(&self, time: Duration) {
        let mut count = self.0.subscribe();
        loop {
            let _ = count.wait_for(|count| *count == 0).await;
            if tokio::time::timeout(time, count.wait_for(|count| *count > 0)).await.is_err() {
                return;
            }
        }
    }
    // ANCHOR_END: idle

    /// Returns when nobody is connected, or when `time` is over.
    pub(crate) async fn drained(&self, time: Duration) {
        let mut count = self.0.subscribe();
        let _ = tokio::time::timeout(time, count.wait_for(|count| *count == 0)).await;
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
