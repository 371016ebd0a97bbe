//! A terminal that a test types on.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use rustix::termios::{Winsize, tcsetwinsize};

use crate::observe::{PATIENCE, await_some};
use crate::{World, user};

/// A program on a pseudo-terminal of its own, 24 rows of 80 columns.
pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Starts `bin` (as [`World::process`] finds it) with `args`, its standard streams and its controlling terminal
    /// being a new pseudo-terminal.
    ///
    /// # Panics
    /// When the kernel gives no terminal or the program does not start.
    #[must_use]
    pub fn spawn(world: &World, bin: &str, args: &[&str]) -> Terminal {
        let program = world.process(bin).get_program().to_owned();
        // setsid(1) makes the terminal the controlling one and becomes the program: no code of ours between fork
        // and exec.
        let mut command = world.process("setsid");
        command.arg("--ctty").arg(program).args(args);
        Terminal::start(command)
    }

    /// Starts a command with arguments and variables, whoever it runs as.
    ///
    /// # Panics
    /// As [`Terminal::spawn`].
    #[must_use]
    pub fn of(command: &Command) -> Terminal {
        let mut session = Command::new("setsid");
        session.arg("--ctty").arg(command.get_program()).args(command.get_args()).env_clear();
        session.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Terminal::start(session)
    }

    fn start(mut command: Command) -> Terminal {
        let pty = nix::pty::openpty(None, None).expect("open a pseudo-terminal");
        if user().drop {
            nix::unistd::fchown(&pty.slave, Some(user().uid.into()), None).expect("give the terminal to the user");
        }
        tcsetwinsize(&pty.master, size(24, 80)).expect("set the terminal's size");
        let stream = || Stdio::from(pty.slave.try_clone().expect("duplicate the terminal"));
        let child = command.stdin(stream()).stdout(stream()).stderr(stream()).spawn().expect("start the program");
        // The slave must not stay open here (nor in the command), or the master would never see the end.
        drop(command);
        drop(pty.slave);
        let screen = Arc::new(Mutex::new(Vec::new()));
        follow(pty.master.try_clone().expect("duplicate the terminal"), Arc::clone(&screen));
        Terminal { child, keyboard: pty.master.into(), screen }
    }

    /// The process id of the program.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Types; `\x03` is Ctrl-C, `\x04` Ctrl-D, `\r` Enter.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn send(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("type on the terminal");
    }

    /// All that was written on the screen so far, line ends made `\n`.
    ///
    /// # Panics
    /// Never, unless the reader did.
    #[must_use]
    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().expect("the reader lives")).replace("\r\n", "\n")
    }

    /// Waits until the screen has `text`.
    ///
    /// # Panics
    /// After ten seconds, with the screen.
    pub fn expect(&self, text: &str) {
        self.expect_times(text, 1);
    }

    /// Waits until the screen has `text` that many times (the echo of what was typed counts as well).
    ///
    /// # Panics
    /// After ten seconds.
    pub fn expect_times(&self, text: &str, times: usize) {
        let end = Instant::now() + PATIENCE;
        while self.screen().matches(text).count() < times {
            assert!(Instant::now() < end, "{text:?} is not on the screen {times} times:\n{}", self.screen());
            sleep(Duration::from_millis(5));
        }
    }

    /// Changes the window's size; the foreground program gets SIGWINCH.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn resize(&self, rows: u16, columns: u16) {
        tcsetwinsize(&self.keyboard, size(rows, columns)).expect("set the terminal's size");
    }

    /// Waits for the program's end, ten seconds at most.
    ///
    /// # Panics
    /// When it does not end.
    pub fn wait(&mut self) -> ExitStatus {
        await_some("the program's end", || self.child.try_wait().expect("wait for the program"))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

/// Reads what appears, until no program has the terminal open.
fn follow(master: OwnedFd, screen: Arc<Mutex<Vec<u8>>>) {
    thread::spawn(move || {
        let mut master = File::from(master);
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = master.read(&mut buffer) {
            screen.lock().expect("nobody panics with it").extend_from_slice(&buffer[..read]);
        }
    });
}
