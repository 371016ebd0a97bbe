//! Everything of this step, in the order that works.

use std::os::fd::RawFd;
use std::path::PathBuf;
use std::rc::Rc;

use nix::unistd::Pid;
use process::{Error, Result, Setup};
use rustix::thread::set_no_new_privs;
use serde_json::Value;

use crate::seccomp::{Agent, Filter};
use crate::{Capabilities, Rlimit, Sysctl, User, apparmor, keyring, label, mask};

/// What a program is not allowed to do. As a [`Setup`] it comes last, after the file system.
#[derive(Clone)]
pub struct Confinement {
    /// Who it is.
    pub user: User,
    /// What it may do as that.
    pub capabilities: Capabilities,
    /// Whether setuid programs and file capabilities have no effect (prctl(2), `PR_SET_NO_NEW_PRIVS`).
    pub no_new_privileges: bool,
    /// Limits to set; others stay as the caller's.
    pub rlimits: Vec<Rlimit>,
    /// What it may ask the kernel; `None` for everything.
    pub seccomp: Option<Filter>,
    /// Who answers for the calls that the filter asks about; [`Confinement::meet`] sets it.
    pub agent: Option<Rc<Agent>>,
    /// What SELinux calls it; `None`: what the policy has for it ([`label::Label`]).
    pub label: Option<String>,
    /// What AppArmor confines it by; `None`: nothing.
    pub apparmor: Option<String>,
    /// Settings of its namespaces.
    pub sysctls: Vec<Sysctl>,
    /// Absolute paths in the container that are hidden; those that do not exist do not matter.
    pub masked: Vec<PathBuf>,
    /// Absolute paths in the container that are read-only.
    pub readonly: Vec<PathBuf>,
}

impl Confinement {
    /// What every container has unless told otherwise.
    ///
    /// # Errors
    /// None that would not be a mistake in the default profile.
    pub fn default_for(user: User) -> Result<Confinement> {
        let capabilities = Capabilities::default_for(user.uid);
        Ok(Confinement {
            user,
            capabilities,
            no_new_privileges: false,
            rlimits: Vec::new(),
            seccomp: Some(Filter::default_for(&capabilities.bounding)?),
            agent: None,
            label: None,
            apparmor: None,
            sysctls: Vec::new(),
            masked: mask::masked(),
            readonly: mask::readonly(),
        })
    }
}

// ANCHOR: order
impl Setup for Confinement {
    fn setup(&self) -> Result<()> {
        self.agent.as_ref().map_or(Ok(()), |agent| agent.hear())?;
        // Takes effect at exec, so it could come anywhere: here the procfs is bare yet, nothing masked, and no filter has to
        // let it pass.
        self.label.as_deref().map_or(Ok(()), label::set_exec)?;
        self.apparmor.as_deref().map_or(Ok(()), apparmor::set_exec)?;
        // The caller's keys are not the container's.
        keyring::leave()?;
        // While /proc/sys can be written to.
        self.sysctls.iter().try_for_each(Sysctl::apply)?;
        // Mounting needs CAP_SYS_ADMIN, raising a limit CAP_SYS_RESOURCE. Read-only first: a mask on top stays.
        mask::make_readonly(&self.readonly)?;
        mask::hide(&self.masked)?;
        self.rlimits.iter().try_for_each(Rlimit::apply)?;
        // Needs CAP_SETPCAP. Before the user, whose change empties the effective set.
        self.capabilities.limit()?;
        self.user.mask();
        self.user.apply()?;
        Capabilities::regain()?;
        // Without no_new_privs only CAP_SYS_ADMIN can load a filter, or a setuid program could be fooled by one:
        // so the filter comes while it is there, and what follows has to pass it.
        if !self.no_new_privileges {
            self.filter()?;
        }
        self.capabilities.apply()?;
        match self.no_new_privileges {
            true => set_no_new_privs(true).map_err(|errno| Error::os("set no_new_privs", errno)),
            false => Ok(()),
        }
    }

    // With it, the filter is the very last and need not allow anything that the program does not do itself.
    fn seal(&self) -> Result<()> {
        if self.no_new_privileges { self.filter() } else { Ok(()) }
    }

    fn needs(&self) -> Vec<RawFd> {
        self.agent.iter().filter_map(|agent| agent.needs()).collect()
    }
}
// ANCHOR_END: order

impl Confinement {
    fn filter(&self) -> Result<()> {
        match (&self.seccomp, &self.agent) {
            (Some(filter), Some(agent)) => agent.send(filter.listen()?),
            (Some(filter), None) => filter.load(),
            (None, _) => Ok(()),
        }
    }

    /// Connects to the agent, when the filter asks one; whoever then starts the process [tells](Agent::tell) which it is.
    /// `state` is that of the container.
    ///
    /// # Errors
    /// When the agent is not there.
    pub fn meet(&mut self, state: impl FnOnce() -> Value) -> Result<()> {
        let asked = self.seccomp.as_ref().and_then(Filter::asked);
        self.agent = asked.map(|asked| Agent::connect(asked, state()).map(Rc::new)).transpose()?;
        Ok(())
    }

    /// In the parent of the process, for its agent.
    ///
    /// # Errors
    /// As [`Agent::tell`].
    pub fn tell(&self, pid: Pid) -> Result<()> {
        self.agent.as_ref().map_or(Ok(()), |agent| agent.tell(pid))
    }
}
