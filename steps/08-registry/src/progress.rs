//! Who wants to see how far a transfer is.

/// Told what happens while an image is pulled or pushed, from several threads at once. Every method does nothing
/// unless it is written; `()` wants to know nothing.
pub trait Progress: Sync {
    /// A line for a person, as Podman has them: `Trying to pull ...`, `Copying blob ...`.
    fn say(&self, line: &str) {
        let _ = line;
    }

    /// The transfer of the blob `digest` begins (or begins again); `size` is its length, 0 when nobody knows.
    fn begin(&self, digest: &str, size: u64) {
        let _ = (digest, size);
    }

    /// `count` more bytes of the blob are here.
    fn grow(&self, digest: &str, count: u64) {
        let _ = (digest, count);
    }

    /// The blob is here, or was here before.
    fn done(&self, digest: &str, skipped: bool) {
        let _ = (digest, skipped);
    }
}

impl Progress for () {}
