//! A program that runs in a container for a client: `podling exec` as a process of ours, its standard streams relayed.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::StatusCode;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::process::Child;

use crate::answer::{Failure, Pieces};
use crate::docker::exec::{Asked, ExecInspect, ProcessConfig};
use crate::frames::Stream;
use crate::hijack::{Attached, Input};
use crate::kernel;
use crate::program::Program;

/// Bytes that are passed on at once.
const PIECE: usize = 32 << 10;
/// How long to listen to a program that has ended.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// The size of a terminal; 0 is unknown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub rows: u16,
    pub columns: u16,
}

/// What is to be run, and what became of it.
pub(crate) struct Session {
    pub id: String,
    pub container: String,
    pub asked: Asked,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    started: bool,
    exit_code: Option<i32>,
    pid: u32,
    terminal: Option<OwnedFd>,
}

/// One that runs.
pub(crate) struct Running {
    child: Child,
    streams: Streams,
}

type Reader = Box<dyn AsyncRead + Send + Unpin>;
type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Its standard streams; with a terminal there are only two.
#[derive(Default)]
struct Streams {
    input: Option<Writer>,
    output: Option<Reader>,
    errors: Option<Reader>,
}

impl Streams {
    fn pipes(child: &mut Child) -> Streams {
        Streams {
            input: child.stdin.take().map(|pipe| Box::new(pipe) as Writer),
            output: child.stdout.take().map(|pipe| Box::new(pipe) as Reader),
            errors: child.stderr.take().map(|pipe| Box::new(pipe) as Reader),
        }
    }

    fn terminal(terminal: &OwnedFd) -> io::Result<Streams> {
        Ok(Streams {
            input: Some(Box::new(pipe::Sender::from_owned_fd_unchecked(terminal.try_clone()?)?)),
            output: Some(Box::new(pipe::Receiver::from_owned_fd_unchecked(terminal.try_clone()?)?)),
            errors: None,
        })
    }
}

impl Session {
    pub(crate) fn new(id: String, container: String, asked: Asked) -> Result<Session, Failure> {
        if asked.privileged {
            return Err(Failure::absent("Privileged (true)"));
        }
        if asked.cmd.is_empty() {
            return Err(Failure::bad("no exec command specified"));
        }
        if let Some(wrong) = asked.env.iter().flatten().find(|pair| !pair.contains('=')) {
            return Err(Failure::bad(format!("environment variable {wrong:?} badly formed, must be key=value")));
        }
        Ok(Session { id, container, asked, state: Mutex::default() })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state().exit_code.is_some()
    }

    /// Starts it: with a terminal of its own, or with pipes.
    pub(crate) fn start(&self, program: &Program, window: Window) -> Result<Running, Failure> {
        let mut state = self.state();
        if std::mem::replace(&mut state.started, true) {
            return Err(Failure::new(StatusCode::CONFLICT, format!("exec session {} was started already", self.id)));
        }
        let asked = &self.asked;
        let mut command = program.command(&["exec"]);
        let value = |name: &str, value: &Option<String>| {
            value.as_ref().filter(|value| !value.is_empty()).map(|value| format!("--{name}={value}"))
        };
        command.args(asked.attach_stdin.then_some("--interactive")).args(asked.tty.then_some("--tty"));
        command.args(value("user", &asked.user)).args(value("workdir", &asked.working_dir));
        command.args(asked.env.iter().flatten().map(|pair| format!("--env={pair}")));
        command.arg(&self.container).args(&asked.cmd).kill_on_drop(true);
        let failed = |error| Failure::because(StatusCode::INTERNAL_SERVER_ERROR, "start podling", error);
        let terminal = match asked.tty {
            true => {
                let (ours, theirs) =
                    kernel::terminal(window.rows, window.columns).map_err(|errno| failed(errno.into()))?;
                let again = || theirs.try_clone().map(Stdio::from);
                command.stdin(again().map_err(failed)?).stdout(again().map_err(failed)?).stderr(theirs);
                Some(ours)
            }
            false => {
                command.stdin(if asked.attach_stdin { Stdio::piped() } else { Stdio::null() });
                None
            }
        };
        let mut child = command.spawn().map_err(failed)?;
        // It holds the other end of the terminal, which is open until it is gone.
        drop(command);
        let streams = match &terminal {
            Some(terminal) => Streams::terminal(terminal).map_err(failed)?,
            None => Streams::pipes(&mut child),
        };
        state.pid = child.id().unwrap_or(0);
        state.terminal = terminal;
        Ok(Running { child, streams })
    }

    /// Sets the size of its terminal; false when it has none, or does not run.
    pub(crate) fn resize(&self, window: Window) -> bool {
        let state = self.state();
        let Some(terminal) = state.terminal.as_ref().filter(|_| state.exit_code.is_none()) else { return false };
        let resized = kernel::resize(terminal, window.rows, window.columns).is_ok();
        // The terminal is not its controlling one, so the kernel tells nobody.
        let told = kill(Pid::from_raw(state.pid.cast_signed()), Signal::SIGWINCH).is_ok();
        resized && told
    }

    fn ended(&self, exit_code: i32) {
        let mut state = self.state();
        state.exit_code = Some(exit_code);
        state.terminal = None;
    }

    pub(crate) fn inspect(&self) -> ExecInspect {
        let (state, asked) = (self.state(), &self.asked);
        let running = state.started && state.exit_code.is_none();
        ExecInspect {
            id: self.id.clone(),
            container_id: self.container.clone(),
            running,
            exit_code: state.exit_code,
            process_config: ProcessConfig {
                entrypoint: asked.cmd.first().cloned().unwrap_or_default(),
                arguments: asked.cmd.iter().skip(1).cloned().collect(),
                tty: asked.tty,
                privileged: false,
                user: asked.user.clone().unwrap_or_default(),
            },
            open_stdin: asked.attach_stdin,
            open_stdout: asked.attach_stdout,
            open_stderr: asked.attach_stderr,
            can_remove: state.exit_code.is_some(),
            pid: if running { state.pid } else { 0 },
            detach_keys: asked.detach_keys.clone().unwrap_or_default(),
        }
    }
}

impl Running {
    /// Waits for its end; nobody looks.
    pub(crate) async fn finish(mut self, session: &Session) {
        self.streams = Streams::default();
        let status = self.child.wait().await;
        session.ended(status.ok().and_then(|status| status.code()).unwrap_or(137));
    }

    /// Passes on between the client and the program until the program ends. A client that leaves ends it.
    // ANCHOR: relay
    pub(crate) async fn relay(mut self, session: &Session, mut attached: Attached) {
        let Streams { input, mut output, mut errors } = std::mem::take(&mut self.streams);
        let (typed, wanted) = attached.take_input();
        let mut typed = pin!(type_in(typed, input.filter(|_| wanted), attached.body()));
        let mut exit_code = None;
        let (mut out, mut err) = (vec![0; PIECE], vec![0; PIECE]);
        loop {
            tokio::select! {
                biased;
                count = read(&mut output, &mut out) => {
                    if count > 0 && attached.show(Stream::Out, out[..count].to_vec()).await.is_err() {
                        break;
                    }
                }
                count = read(&mut errors, &mut err) => {
                    if count > 0 && attached.show(Stream::Error, err[..count].to_vec()).await.is_err() {
                        break;
                    }
                }
                () = &mut typed => break,
                status = self.child.wait(), if exit_code.is_none() => {
                    exit_code = Some(status.ok().and_then(|status| status.code()).unwrap_or(137));
                    if output.is_none() && errors.is_none() {
                        break;
                    }
                }
                // What it left in the background may keep its output open for ever.
                () = tokio::time::sleep(LAST_WORDS), if exit_code.is_some() => break,
            }
            if exit_code.is_some() && output.is_none() && errors.is_none() {
                break;
            }
        }
        if exit_code.is_none() {
            let _ = self.child.kill().await;
        }
        session.ended(exit_code.unwrap_or(137));
        attached.finish().await;
    }
    // ANCHOR_END: relay
}

/// Reads some bytes; a stream that has ended is taken away, and never ready.
async fn read(stream: &mut Option<Reader>, bytes: &mut [u8]) -> usize {
    let Some(open) = stream else { return std::future::pending().await };
    // A terminal that nobody has open any more answers with an error.
    match open.read(bytes).await {
        Ok(count) if count > 0 => count,
        _ => {
            *stream = None;
            0
        }
    }
}

/// Passes on what is typed, to its end; returns when the client has left.
async fn type_in(typed: Option<Input>, mut program: Option<Writer>, left: Option<Pieces>) {
    let Some(mut typed) = typed else {
        match left {
            Some(left) => left.closed().await,
            None => std::future::pending().await,
        }
        return;
    };
    let mut bytes = vec![0; PIECE];
    loop {
        let count = typed.read(&mut bytes).await;
        if count == 0 {
            drop(program.take());
            return typed.gone().await;
        }
        if let Some(open) = &mut program
            && open.write_all(&bytes[..count]).await.is_err()
        {
            program = None;
        }
    }
}
