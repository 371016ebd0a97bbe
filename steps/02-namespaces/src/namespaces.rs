//! New namespaces for a process.

use nix::sched::CloneFlags;
use nix::unistd::geteuid;
use process::{Child, Error, Program, Result, Setup, Start, Stdio, code, prerequisite};

use crate::{IdMap, kernel};

/// Which namespaces a process gets; the others it shares with its parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespaces {
    /// A user namespace with these ids.
    pub users: Option<IdMap>,
    /// The rest: a union of `CLONE_NEW*`.
    pub others: CloneFlags,
}

impl Namespaces {
    /// All of them, with an own network or the host's. Real root keeps its user namespace, as with Podman.
    ///
    /// # Errors
    /// When the caller has no subordinate ids.
    // ANCHOR: namespaces
    pub fn container(own_network: bool) -> Result<Namespaces> {
        let mut others = CloneFlags::CLONE_NEWNS
            | CloneFlags::CLONE_NEWPID
            | CloneFlags::CLONE_NEWUTS
            | CloneFlags::CLONE_NEWIPC
            | CloneFlags::CLONE_NEWCGROUP;
        others.set(CloneFlags::CLONE_NEWNET, own_network);
        Ok(Namespaces { users: users()?, others })
    }
    // ANCHOR_END: namespaces

    /// Only what is needed to be root over one's own files and mounts.
    ///
    /// # Errors
    /// As [`Namespaces::container`].
    pub fn storage() -> Result<Namespaces> {
        Ok(Namespaces { users: users()?, others: CloneFlags::CLONE_NEWNS })
    }

    /// Starts a process in them.
    ///
    /// # Errors
    /// Whatever failed on the way.
    pub fn start(&self, program: &Program, setup: &dyn Setup) -> Result<Child> {
        self.with(program, setup, |start| start.start())
    }

    /// Starts a process in them, waits for it, and returns its exit status.
    ///
    /// # Errors
    /// Whatever failed on the way.
    pub fn run(&self, program: &Program, stdio: Stdio, setup: &dyn Setup) -> Result<u8> {
        self.with(program, setup, |start| stdio.run(start))
    }

    /// As [`Namespaces::run`], when the program is the grandchild ([`Stdio::run_through`]).
    ///
    /// # Errors
    /// Whatever failed on the way.
    pub fn run_through(&self, program: &Program, stdio: Stdio, setup: &dyn Setup) -> Result<u8> {
        self.with(program, setup, |start| stdio.run_through(start))
    }

    /// What [`Namespaces::start`] would start, handed to `run`, which starts it in a way of its own.
    ///
    /// # Errors
    /// Those of `run`.
    // ANCHOR: start
    pub fn with<T>(&self, program: &Program, setup: &dyn Setup, run: impl Fn(&Start<'_>) -> Result<T>) -> Result<T> {
        let own_network = self.others.contains(CloneFlags::CLONE_NEWNET);
        let setup = (Loopback(own_network), setup);
        let Some(map) = &self.users else {
            return run(&Start { flags: self.others, ..Start::new(program, &setup) });
        };
        let flags = self.others | CloneFlags::CLONE_NEWUSER;
        // A process cannot map more than itself: its parent writes the maps, from outside.
        let parent = |pid| map.write(pid);
        run(&Start { flags, parent: Some(&parent), ..Start::new(program, &setup) }).map_err(explain)
    }
    // ANCHOR_END: start
}

/// The map for an ordinary user, none for root.
fn users() -> Result<Option<IdMap>> {
    if geteuid().is_root() { Ok(None) } else { IdMap::of_caller().map(Some) }
}

/// A network namespace begins with a loopback interface that is down.
struct Loopback(bool);

impl Setup for Loopback {
    fn setup(&self) -> Result<()> {
        if !self.0 {
            return Ok(());
        }
        kernel::loopback_up().map_err(|errno| Error::os("set the loopback interface up", errno))
    }
}

/// What a distribution may have closed.
fn explain(error: Error) -> Error {
    let closed = [
        ("/proc/sys/kernel/unprivileged_userns_clone", "0", "user-namespaces"),
        ("/proc/sys/user/max_user_namespaces", "0", "user-namespaces"),
        ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "apparmor-userns"),
    ];
    let found =
        closed.iter().find(|(path, value, _)| std::fs::read_to_string(path).is_ok_and(|text| text.trim() == *value));
    match found {
        Some((_, _, lacking)) if error.is_kernel() => {
            let mend = prerequisite::hint(lacking);
            error
                .hint(format!("this system does not let ordinary users make user namespaces: {mend}"))
                .code(code::NO_USER_NAMESPACES)
        }
        _ => error,
    }
}
