//! The birth of a process: clone, wait for the parent's part, set up, exec; an error on that way comes back.

use std::cell::Cell;
use std::ffi::CStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::CloneFlags;
use nix::sys::signal::SigSet;
use nix::sys::stat::Mode;
use nix::unistd::{Pid, pipe2, setsid};

use crate::error::EXIT_ENGINE;
use crate::{Child, Error, Program, Result, Setup, code, kernel, signals};

/// How to start a process.
pub struct Start<'a> {
    /// The new namespaces; empty for none.
    pub flags: CloneFlags,
    /// What it becomes.
    pub program: &'a Program,
    /// What it does to itself before.
    pub setup: &'a dyn Setup,
    /// What only the parent can do to it before that, as writing its id maps.
    pub parent: Option<&'a dyn Fn(Pid) -> Result<()>>,
    /// What an intermediary does to itself before it gives birth to it, as joining the PID namespace of another process: one
    /// does that for one's children only.
    pub through: Option<&'a dyn Setup>,
    /// The directory of a cgroup to be born in.
    pub cgroup: Option<BorrowedFd<'a>>,
    /// Whether it goes on when the caller dies. Otherwise the kernel kills it then.
    pub lives_on: bool,
    /// What comes after the set-up, when the parent has something to do in between.
    pub halfway: Option<Halfway<'a>>,
    /// By whose word it executes its program, when that is not to be the parent's.
    pub held: Option<Held<'a>>,
    /// How many descriptors after the standard ones it keeps.
    pub keeps: u32,
}

/// The second part of a set-up.
#[derive(Clone, Copy)]
pub struct Halfway<'a> {
    /// What the parent does between the two parts.
    pub parent: &'a dyn Fn(Pid) -> Result<()>,
    /// What the child does then.
    pub setup: &'a dyn Setup,
}

/// A word that comes from elsewhere, perhaps when the parent has ended long since.
#[derive(Clone, Copy)]
pub struct Held<'a> {
    /// A byte is read from here. It must not be at its end while nobody has written: a pipe of which the child itself has
    /// the other end.
    pub word: BorrowedFd<'a>,
    /// A file for an error that comes after the parent has let go.
    pub report: BorrowedFd<'a>,
    /// What the child does after the word.
    pub setup: &'a dyn Setup,
    /// Whether it goes on without the parent from then on, when it can be told of no more errors.
    pub lives_on: bool,
}

/// A process that has done all its set-up and waits for the word to execute its program.
#[must_use = "it is killed when this is dropped"]
pub struct Created {
    child: Child,
    go: File,
    report: File,
}

impl<'a> Start<'a> {
    /// With the caller's namespaces and cgroup, and not without the caller.
    #[must_use]
    pub fn new(program: &'a Program, setup: &'a dyn Setup) -> Start<'a> {
        Start {
            flags: CloneFlags::empty(),
            program,
            setup,
            parent: None,
            through: None,
            cgroup: None,
            lives_on: false,
            halfway: None,
            held: None,
            keeps: 0,
        }
    }

    /// Starts the process and returns when it executes its program. It leads a session of its own, gets the
    /// caller's standard descriptors and no other, and dies when the caller dies unless it is to live on.
    ///
    /// # Errors
    /// Whatever failed on the way, in the parent or in the child; no process is left then.
    pub fn start(&self) -> Result<Child> {
        if self.parent.is_some() || self.cgroup.is_some() || self.halfway.is_some() || self.held.is_some() {
            return self.create()?.start();
        }
        // Nobody has a word to say on the way: each would cost two changes of process.
        let Created { child, mut report, .. } = self.born(false)?;
        match read_report(&mut report, Vec::new())? {
            None => Ok(child),
            Some(error) => Err(error),
        }
    }

    /// Starts the process and returns when all that is left for it to do is to execute its program. Whoever has
    /// more to prepare does it now, and whatever fails meanwhile, the program has not begun.
    ///
    /// # Errors
    /// As [`Start::start`].
    // ANCHOR: start
    pub fn create(&self) -> Result<Created> {
        let mut created = self.born(true)?;
        if let Some(parent) = self.parent {
            parent(created.pid())?;
        }
        // The child may be dead already; then its report says why.
        let _ = created.go.write_all(b"!");
        if let Some(halfway) = &self.halfway
            && created.wait_for(HALF)?
        {
            (halfway.parent)(created.pid())?;
            let _ = created.go.write_all(b"!");
        }
        created.wait_for(READY)?;
        Ok(created)
    }

    /// A process that does its set-up, `held` before and after it until we say so.
    fn born(&self, held: bool) -> Result<Created> {
        let failed = |errno| Error::os("make a pipe", errno);
        let (report, reporter) = pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
        let (ready, go) = pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
        // From here on a signal waits until somebody can forward it.
        let before = signals::block()?;

        let (pid, in_place) = match self.through {
            Some(through) => self.clone_through(through)?,
            None => self.clone(CloneFlags::empty()).map_err(|errno| Error::os("create a process", errno))?,
        };
        let Some(pid) = pid else {
            drop((report, go));
            self.child(&before, held.then_some(ready), reporter)
        };
        let created = Created { child: Child::new(pid, before), go: go.into(), report: report.into() };
        match self.cgroup.filter(|_| !in_place) {
            // It has done nothing yet.
            Some(cgroup) => put(pid, cgroup).map(|()| created),
            None => Ok(created),
        }
    }
    // ANCHOR_END: start

    /// The child's id (`None` in the child), and whether it is in its cgroup: a kernel before 5.7 does not do that, nor
    /// does one that has reasons, which it tells once more to who moves the child.
    // ANCHOR: clone
    pub(crate) fn clone(&self, further: CloneFlags) -> nix::Result<(Option<Pid>, bool)> {
        let flags = self.flags | further;
        let born = self.cgroup.map(|cgroup| kernel::clone3(flags, Some(cgroup)));
        match born {
            Some(Ok(pid)) => Ok((pid, true)),
            Some(Err(_)) | None => Ok((clone(flags)?, false)),
        }
    }
    // ANCHOR_END: clone

    fn child(&self, before: &SigSet, ready: Option<OwnedFd>, reporter: OwnedFd) -> ! {
        let alone = Cell::new(false);
        // A panic must not unwind into what is the parent's part of the stack.
        let result = catch_unwind(AssertUnwindSafe(|| self.become_program(before, ready, &reporter, &alone)));
        let error = match result {
            Ok(Err(error)) => error,
            Ok(Ok(never)) => match never {},
            Err(_) => Error::new("the set-up of the process panicked").code(code::INTERNAL),
        };
        let report = self.held.filter(|_| alone.get()).and_then(|held| held.report.try_clone_to_owned().ok());
        let _ = serde_json::to_writer(File::from(report.unwrap_or(reporter)), &error);
        kernel::exit(if alone.get() { error.status() } else { EXIT_ENGINE })
    }

    // ANCHOR: child
    fn become_program(
        &self,
        before: &SigSet,
        ready: Option<OwnedFd>,
        reporter: &OwnedFd,
        alone: &Cell<bool>,
    ) -> Result<std::convert::Infallible> {
        self.die_with_parent(reporter)?;
        let mut ready = ready.map(File::from);
        ready.as_mut().map_or(Ok(()), wait)?;
        // Asked while the files are the host's: what the container has at /proc is not for us to read.
        let ignored = signals::ignored();
        // Out of the caller's terminal: a program that shares it could type into it (CVE-2017-5226).
        setsid().map_err(|errno| Error::os("create a session", errno))?;
        self.setup.setup()?;
        if let (Some(halfway), Some(ready)) = (&self.halfway, &mut ready) {
            tell(reporter, HALF)?;
            wait(ready)?;
            halfway.setup.setup()?;
        }
        // A change of user ids took it back, so once more.
        self.die_with_parent(reporter)?;
        signals::heed(ignored);
        signals::restore(before)?;
        // Now and not by exec: until then the image's directory or program could be one of them, as /proc/self/fd/7
        // (CVE-2024-21626).
        let held = self.held.iter().flat_map(|held| [held.word.as_raw_fd(), held.report.as_raw_fd()]);
        let kept = [reporter.as_raw_fd()].into_iter().chain(ready.as_ref().map(AsRawFd::as_raw_fd)).chain(held);
        let needed =
            self.setup.needs().into_iter().chain(self.halfway.iter().flat_map(|halfway| halfway.setup.needs()));
        let kept = kept.chain(needed);
        let kept = (3..3 + self.keeps).chain(kept.map(i32::cast_unsigned)).collect();
        kernel::close_all_but(kept).map_err(|errno| Error::os("close the other descriptors", errno))?;
        if let Some(ready) = &mut ready {
            tell(reporter, READY)?;
            wait(ready)?;
        }
        let path = self.program.place()?;
        match &self.held {
            Some(held) => self.held(held, path.as_deref(), reporter, alone)?,
            None => self.seal()?,
        }
        self.program.exec(path.as_deref())
    }
    // ANCHOR_END: child

    /// Leaves the parent, and waits for the other's word.
    // ANCHOR: held
    fn held(&self, held: &Held<'_>, path: Option<&CStr>, reporter: &OwnedFd, alone: &Cell<bool>) -> Result<()> {
        // Nobody waits any longer to be told that there is no such program.
        path.map_or(Ok(()), |path| self.program.check(path))?;
        if held.lives_on {
            kernel::live_on().map_err(|errno| Error::os("live on without the parent", errno))?;
        }
        self.seal()?;
        tell(reporter, READY)?;
        alone.set(true);
        let word = held.word.try_clone_to_owned().map_err(|error| Error::os("duplicate a descriptor", error))?;
        wait(&mut File::from(word))?;
        held.setup.setup()
    }
    // ANCHOR_END: held

    /// What the program alone has to pass: a filter of system calls.
    fn seal(&self) -> Result<()> {
        self.setup.seal()?;
        self.halfway.as_ref().map_or(Ok(()), |halfway| halfway.setup.seal())
    }

    /// Asks the kernel for a SIGKILL when the parent dies; if it was faster, nobody reads our reports any more.
    fn die_with_parent(&self, reporter: &OwnedFd) -> Result<()> {
        if self.lives_on {
            return Ok(());
        }
        kernel::die_with_parent().map_err(|errno| Error::os("ask to die with the parent", errno))?;
        let mut ends = [PollFd::new(reporter.as_fd(), PollFlags::empty())];
        match poll(&mut ends, PollTimeout::ZERO) {
            Ok(0) => Ok(()),
            _ => kernel::exit(EXIT_ENGINE),
        }
    }
}

/// By clone3(2), or where a filter of system calls hides that, by clone(2).
pub(crate) fn clone(flags: CloneFlags) -> nix::Result<Option<Pid>> {
    match kernel::clone3(flags, None) {
        Err(Errno::ENOSYS | Errno::EPERM) => kernel::clone(flags),
        pid => pid,
    }
}

/// Moves a process into a cgroup.
fn put(pid: Pid, cgroup: BorrowedFd<'_>) -> Result<()> {
    let moved = openat(cgroup, "cgroup.procs", OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())
        .and_then(|procs| nix::unistd::write(procs, pid.to_string().as_bytes()));
    moved.map(drop).map_err(|errno| Error::os(format!("move process {pid} to its cgroup"), errno))
}

impl Created {
    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.child.pid()
    }

    /// Lets it execute its program.
    ///
    /// # Errors
    /// Why it could not; no process is left then.
    pub fn start(mut self) -> Result<Child> {
        let _ = self.go.write_all(b"!");
        match read_report(&mut self.report, Vec::new())? {
            None => Ok(self.child),
            Some(error) => Err(error),
        }
    }

    /// Leaves it waiting, for whoever gives it the word to go on.
    ///
    /// # Errors
    /// As [`Created::start`].
    pub fn release(mut self) -> Result<Child> {
        let _ = self.go.write_all(b"!");
        match self.wait_for(READY)? {
            true => Ok(self.child),
            false => Err(Error::new("the container's first process was killed").code(code::CHILD_DIED)),
        }
    }

    /// Whether it said so. Nothing at all: somebody has killed it, which whoever waits for it will see.
    fn wait_for(&mut self, said: u8) -> Result<bool> {
        let mut first = [0];
        let read = self.report.read(&mut first).map_err(|error| Error::os("read the child's report", error))?;
        match first {
            [byte] if read == 1 && byte == said => Ok(true),
            _ => read_report(&mut self.report, first[..read].to_vec())?.map_or(Ok(false), Err),
        }
    }
}

fn tell(reporter: &OwnedFd, word: u8) -> Result<()> {
    nix::unistd::write(reporter, &[word]).map(drop).map_err(|errno| Error::os("report to the parent", errno))
}

/// The child's word that the first part of its set-up is done.
const HALF: u8 = b'?';

/// The child's word that it is set up; a report of an error begins with another byte.
const READY: u8 = b'+';

/// Waits for the parent's word; without a parent there is nothing left to do.
fn wait(word: &mut File) -> Result<()> {
    match word.read(&mut [0]).map_err(|error| Error::os("wait for the parent", error))? {
        0 => kernel::exit(EXIT_ENGINE),
        _ => Ok(()),
    }
}

/// What the child reported, beginning with what was read of it already; `None` when exec has closed the pipe.
fn read_report(report: &mut File, mut text: Vec<u8>) -> Result<Option<Error>> {
    report.read_to_end(&mut text).map_err(|error| Error::os("read the child's report", error))?;
    if text.is_empty() {
        return Ok(None);
    }
    Ok(Some(
        serde_json::from_slice(&text)
            .map_err(|error| Error::because("read the child's report", error).code(code::CHILD_DIED))?,
    ))
}
