//! Who waits for which container, and how those ended that this service has started: a container with `--rm` takes its
//! exit status with it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{oneshot, watch};

use crate::hijack::Attached;

/// Statuses that are kept though nobody waits for them.
const KEPT: usize = 256;

/// A connection that is being taken over.
pub(crate) type Coming = oneshot::Receiver<Attached>;

/// By container.
#[derive(Default)]
pub(crate) struct Lives(Mutex<HashMap<String, Life>>);

struct Life {
    ended: watch::Sender<Option<u8>>,
    /// Attached before the start: they want all of the output. Their connections may just be on the way.
    waiting: Vec<Coming>,
}

impl Life {
    fn new() -> Life {
        Life { ended: watch::Sender::new(None), waiting: Vec::new() }
    }
}

impl Lives {
    fn with<T>(&self, id: &str, work: impl FnOnce(&mut Life) -> T) -> T {
        let mut lives = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lives.len() > KEPT {
            lives.retain(|_, life| life.ended.receiver_count() > 0 || !life.waiting.is_empty());
        }
        work(lives.entry(id.to_string()).or_insert_with(Life::new))
    }

    /// The exit status of the life that goes on, or begins next, or has just ended.
    pub(crate) fn watch(&self, id: &str) -> watch::Receiver<Option<u8>> {
        self.with(id, |life| life.ended.subscribe())
    }

    /// The exit status of a life that this service has seen.
    pub(crate) fn seen(&self, id: &str) -> Option<u8> {
        let lives = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lives.get(id).and_then(|life| *life.ended.borrow())
    }

    /// Keeps a connection until the container starts.
    pub(crate) fn attach(&self, id: &str, attached: Coming) {
        self.with(id, |life| life.waiting.push(attached));
    }

    /// A life begins: takes those who are attached already.
    pub(crate) fn begin(&self, id: &str) -> Vec<Coming> {
        self.with(id, |life| {
            life.ended.send_replace(None);
            std::mem::take(&mut life.waiting)
        })
    }

    /// It has ended.
    pub(crate) fn end(&self, id: &str, status: u8) {
        self.with(id, |life| life.ended.send_replace(Some(status)));
    }
}
