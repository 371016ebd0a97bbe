//! The connection of a request becomes a container's standard streams.

use std::io;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue, UPGRADE};
use hyper::upgrade::Upgraded;
use hyper::{StatusCode, Version};
use hyper_util::rt::TokioIo;
use monitor::message::{Message, PIECE};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest};
use tokio::net::{TcpStream, UnixStream, tcp, unix};

use crate::answer::{self, Answer, Failure, Pieces};
use crate::call::Call;
use crate::frames::{Stream, frame};
use crate::link::Link;
use crate::server::Busy;

/// How long a client may take to hand its connection over.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often to look whether a client that types no more still listens.
const LOOK: Duration = Duration::from_millis(500);

/// A client that sees what a program writes, and types.
pub(crate) struct Attached {
    input: Option<Input>,
    output: Output,
    /// What is passed on.
    wants: Wants,
    _busy: Busy,
}

/// Which streams are passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wants {
    pub input: bool,
    pub output: bool,
    pub errors: bool,
    /// With a terminal there is one stream, as it is.
    pub terminal: bool,
}

/// Where output goes: the connection itself, or the body of an answer when the client has not offered its connection.
enum Output {
    Connection(Box<dyn AsyncWrite + Send + Unpin>),
    Body(Pieces),
}

/// What a client types.
pub(crate) struct Input {
    /// What came together with the request.
    early: Bytes,
    half: Half,
}

enum Half {
    Unix(unix::OwnedReadHalf),
    Tcp(tcp::OwnedReadHalf),
}

/// The two directions of a connection.
fn halves(upgraded: Upgraded) -> Option<(Input, Output)> {
    match upgraded.downcast::<TokioIo<UnixStream>>() {
        Ok(parts) => {
            let (input, output) = parts.io.into_inner().into_split();
            Some((Input { early: parts.read_buf, half: Half::Unix(input) }, Output::Connection(Box::new(output))))
        }
        Err(upgraded) => {
            let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
            let (input, output) = parts.io.into_inner().into_split();
            Some((Input { early: parts.read_buf, half: Half::Tcp(input) }, Output::Connection(Box::new(output))))
        }
    }
}

impl Input {
    /// Reads some bytes; none at the end, and after an error.
    pub(crate) async fn read(&mut self, bytes: &mut [u8]) -> usize {
        if !self.early.is_empty() {
            let piece = self.early.split_to(bytes.len().min(self.early.len()));
            bytes[..piece.len()].copy_from_slice(&piece);
            return piece.len();
        }
        let result = match &mut self.half {
            Half::Unix(half) => half.read(bytes).await,
            Half::Tcp(half) => half.read(bytes).await,
        };
        result.unwrap_or(0)
    }

    /// Returns when the client does not listen any more either: then nobody keeps its container's output for it.
    pub(crate) async fn gone(&self) {
        loop {
            let ready = match &self.half {
                Half::Unix(half) => half.ready(Interest::READABLE | Interest::WRITABLE).await,
                Half::Tcp(half) => half.ready(Interest::READABLE | Interest::WRITABLE).await,
            };
            if ready.is_ok_and(|ready| !ready.is_write_closed()) {
                tokio::time::sleep(LOOK).await;
            } else {
                return;
            }
        }
    }
}

/// Takes the request's connection over: answers it, and calls `then` when the connection is ours. That takes a client
/// who asks for an upgrade. For another one what is written is the body of the answer, to the end of the connection, and
/// it cannot type.
// ANCHOR: hijack
pub(crate) fn hijack<F>(
    call: &mut Call,
    wants: Wants,
    then: impl FnOnce(Attached) -> F + Send + 'static,
) -> Result<Answer, Failure>
where
    F: Future<Output = ()> + Send + 'static,
{
    let busy = call.idle.enter();
    let kind = match wants.terminal || call.libpod {
        true => "application/vnd.docker.raw-stream",
        false => "application/vnd.docker.multiplexed-stream",
    };
    if !call.headers.contains_key(UPGRADE) {
        check(call, wants)?;
        let (pieces, mut answer) = answer::pieces(kind);
        // Without the frames of HTTP/1.1, among which Podman's clients would look for ours.
        *answer.version_mut() = Version::HTTP_10;
        tokio::spawn(then(Attached { input: None, output: Output::Body(pieces), wants, _busy: busy }));
        return Ok(answer);
    }
    if let Some(upgrade) = call.upgrade.take() {
        tokio::spawn(async move {
            if let Ok(Ok(upgraded)) = tokio::time::timeout(PATIENCE, upgrade).await
                && let Some((input, output)) = halves(upgraded)
            {
                then(Attached { input: Some(input), output, wants, _busy: busy }).await;
            }
        });
    }
    let mut answer = answer::empty(StatusCode::SWITCHING_PROTOCOLS);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.headers_mut().insert(UPGRADE, HeaderValue::from_static("tcp"));
    Ok(answer)
}
// ANCHOR_END: hijack

/// Whether the client can do what it wants to.
pub(crate) fn check(call: &Call, wants: Wants) -> Result<(), Failure> {
    match wants.input && !call.headers.contains_key(UPGRADE) {
        true => Err(Failure::absent("standard input on a connection that is not upgraded (header Upgrade: tcp)")),
        false => Ok(()),
    }
}

impl Output {
    async fn write(&mut self, terminal: bool, stream: Stream, bytes: Vec<u8>) -> io::Result<()> {
        let bytes = if terminal { Bytes::from(bytes) } else { frame(stream, &bytes) };
        match self {
            Output::Connection(connection) => {
                connection.write_all(&bytes).await?;
                connection.flush().await
            }
            Output::Body(pieces) => pieces.send(bytes).await.map_err(|_| io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Attached {
    /// Shows something that was written earlier.
    pub(crate) async fn show(&mut self, stream: Stream, bytes: Vec<u8>) -> io::Result<()> {
        let wanted = if stream == Stream::Out { self.wants.output } else { self.wants.errors };
        if wanted { self.output.write(self.wants.terminal, stream, bytes).await } else { Ok(()) }
    }

    /// Passes on between the client and the container until its end, whose status it returns; `None` when the client has
    /// left first, or the monitor is gone.
    // ANCHOR: relay
    pub(crate) async fn relay(mut self, link: &Link) -> Option<u8> {
        let typed = type_in(self.input.take(), self.wants.input, self.body(), link);
        tokio::pin!(typed);
        loop {
            tokio::select! {
                () = &mut typed => return None,
                message = link.receive() => match message {
                    Ok(Some(Message::Output(bytes))) => self.show(Stream::Out, bytes).await.ok()?,
                    Ok(Some(Message::Errors(bytes))) => self.show(Stream::Error, bytes).await.ok()?,
                    Ok(Some(Message::Exited(status))) => {
                        self.finish().await;
                        return Some(status);
                    }
                    Ok(Some(Message::Failed(error))) => return Some(error.status()),
                    Ok(Some(_)) => {}
                    Ok(None) | Err(_) => return None,
                },
            }
        }
    }
    // ANCHOR_END: relay

    /// There is no more output.
    pub(crate) async fn finish(&mut self) {
        if let Output::Connection(connection) = &mut self.output {
            let _ = connection.shutdown().await;
        }
    }

    /// The answer's body, when that is where output goes: it is closed when the client leaves.
    pub(crate) fn body(&self) -> Option<Pieces> {
        match &self.output {
            Output::Body(pieces) => Some(pieces.clone()),
            Output::Connection(_) => None,
        }
    }

    /// What the client types, and whether that is wanted.
    pub(crate) fn take_input(&mut self) -> (Option<Input>, bool) {
        (self.input.take(), self.wants.input)
    }
}

/// Passes on what is typed, to its end; returns when the client has left.
async fn type_in(input: Option<Input>, wanted: bool, left: Option<Pieces>, link: &Link) {
    let Some(mut input) = input else {
        match left {
            Some(left) => left.closed().await,
            None => std::future::pending().await,
        }
        return;
    };
    let mut bytes = vec![0; PIECE];
    loop {
        let count = input.read(&mut bytes).await;
        let message = if count > 0 { Message::Input(bytes[..count].to_vec()) } else { Message::InputEnd };
        if wanted && link.send(&message).await.is_err() {
            return;
        }
        if count == 0 {
            return input.gone().await;
        }
    }
}
