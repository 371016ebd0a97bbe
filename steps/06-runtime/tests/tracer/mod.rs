//! A debugger that counts system calls, and kills at one of them (ptrace(2)).

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use support::World;

/// The event of an execve(2).
const EXEC: i32 = ptrace::Event::PTRACE_EVENT_EXEC as i32;

/// Who is killed.
#[derive(Debug, Clone, Copy)]
pub enum Victim {
    /// Whoever of all the processes makes the call.
    Caller,
    /// The process that was started.
    First,
}

/// Before which entry into, or after which return from, a system call; counted from 0 over all processes.
pub type Moment = usize;

/// Runs `bin` with these arguments in the bundle's directory, and kills the victim at that moment. Returns how many moments
/// there were until the first process ended (the others go on without us), and whether the one came.
pub fn run(
    world: &World,
    bin: &str,
    args: &[&str],
    dir: &std::path::Path,
    at: Option<(Moment, Victim)>,
) -> (Moment, bool) {
    let program = world.process(bin).get_program().to_owned();
    let mut command = world.process("/bin/sh");
    command.args(["-c", "read word && exec \"$0\" \"$@\" </dev/null"]).arg(program).args(args).current_dir(dir);
    // Whoever traces is a thread, and lets go of all when it ends.
    thread::scope(|scope| scope.spawn(|| trace(command, at)).join().unwrap())
}

#[expect(clippy::zombie_processes, reason = "its end comes among its stops")]
fn trace(mut command: Command, at: Option<(Moment, Victim)>) -> (Moment, bool) {
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let first = Pid::from_raw(child.id().cast_signed());
    let all = Options::PTRACE_O_TRACEFORK | Options::PTRACE_O_TRACEVFORK | Options::PTRACE_O_TRACECLONE;
    ptrace::seize(first, all | Options::PTRACE_O_TRACEEXEC | Options::PTRACE_O_TRACESYSGOOD).unwrap();
    ptrace::interrupt(first).unwrap();
    let mut word = Some(File::from(std::os::fd::OwnedFd::from(child.stdin.take().unwrap())));
    let (mut moments, mut begun, mut killed) = (0, false, false);
    loop {
        // Of this thread only: other tests have children of their own.
        let stopped = match waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD)) {
            Ok(WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..)) if pid == first => return (moments, killed),
            Ok(status) => status,
            Err(error) => panic!("{error} after {moments}"),
        };
        let signal = match stopped {
            WaitStatus::PtraceSyscall(pid) if begun => {
                if let Some((_, victim)) = at.filter(|(at, _)| *at == moments) {
                    let victim = if matches!(victim, Victim::First) { first } else { pid };
                    kill(victim, Signal::SIGKILL).unwrap();
                    killed = true;
                }
                moments += 1;
                None
            }
            // The shell has become the program.
            WaitStatus::PtraceEvent(_, _, event) if event == EXEC => {
                begun = true;
                None
            }
            WaitStatus::Stopped(_, signal) => Some(signal),
            _ => None,
        };
        if let Some(mut word) = word.take() {
            word.write_all(b"\n").unwrap();
        }
        if let Some(pid) = stopped.pid() {
            // Dead meanwhile, perhaps.
            let _ = ptrace::syscall(pid, signal);
        }
    }
}
