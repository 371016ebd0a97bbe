//! Which system calls a program may make, and with which arguments.
//!
//! A [`Profile`] says it in words (OCI runtime specification, `linux.seccomp`), a [`Filter`] is the same as a
//! program for the kernel. The first rule that names a call and whose tests all pass decides.

mod agent;
mod compile;
mod default;
mod file;
mod numbers;
mod oci;
mod ready;
mod unordered;

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::path::PathBuf;

pub use agent::{Agent, Asked};
pub use compile::{Filter, known_flags};
pub use numbers::number;

/// Rules about system calls, as in the OCI configuration's `linux.seccomp` (same JSON).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// What happens to a call that no rule matches.
    pub default_action: Action,
    /// The errno of that action (EPERM unless said).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_errno_ret: Option<u32>,
    /// For which architectures besides the native one calls are decided by the rules; on others every call
    /// answers ENOSYS.
    #[serde(default)]
    pub architectures: Vec<Arch>,
    /// `SECCOMP_FILTER_FLAG_*` for seccomp(2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// The socket of whoever answers for [`Action::Notify`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listener_path: Option<PathBuf>,
    /// What that one is told besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listener_metadata: Option<String>,
    /// The rules, first match first.
    #[serde(default)]
    pub syscalls: Vec<Rule>,
}

/// What happens to calls of some names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// The calls. A name that an architecture does not have does not matter there.
    pub names: Vec<Cow<'static, str>>,
    /// What happens.
    pub action: Action,
    /// The errno of [`Action::Errno`], or the message of [`Action::Trace`] (EPERM unless said).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno_ret: Option<u32>,
    /// All of these must hold, or the rule does not match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<Test>,
}

/// A test of one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "oci::Arg", into = "oci::Arg")]
pub struct Test {
    /// Which argument, 0 to 5.
    pub index: u8,
    /// What it is compared with.
    pub operator: Operator,
}

/// Comparisons of an unsigned 64-bit argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `!=`
    NotEqual(u64),
    /// `<`
    LessThan(u64),
    /// `<=`
    LessOrEqual(u64),
    /// `==`
    EqualTo(u64),
    /// `>=`
    GreaterOrEqual(u64),
    /// `>`
    GreaterThan(u64),
    /// `(argument & mask) == value`
    MaskedEqual {
        /// The bits that are looked at.
        mask: u64,
        /// What they must be.
        value: u64,
    },
}

impl Operator {
    /// Whether `argument` passes.
    #[must_use]
    pub fn holds(self, argument: u64) -> bool {
        match self {
            Operator::NotEqual(value) => argument != value,
            Operator::LessThan(value) => argument < value,
            Operator::LessOrEqual(value) => argument <= value,
            Operator::EqualTo(value) => argument == value,
            Operator::GreaterOrEqual(value) => argument >= value,
            Operator::GreaterThan(value) => argument > value,
            Operator::MaskedEqual { mask, value } => argument & mask == value,
        }
    }
}

/// What the kernel does with a call (seccomp(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Carries it out.
    #[serde(rename = "SCMP_ACT_ALLOW")]
    Allow,
    /// Fails it with an errno.
    #[serde(rename = "SCMP_ACT_ERRNO")]
    Errno,
    /// Carries it out and writes it to the kernel's audit log.
    #[serde(rename = "SCMP_ACT_LOG")]
    Log,
    /// Sends SIGSYS.
    #[serde(rename = "SCMP_ACT_TRAP")]
    Trap,
    /// Asks a tracer; without one the call fails with ENOSYS.
    #[serde(rename = "SCMP_ACT_TRACE")]
    Trace,
    /// Ends the thread.
    #[serde(rename = "SCMP_ACT_KILL_THREAD", alias = "SCMP_ACT_KILL")]
    KillThread,
    /// Ends the process.
    #[serde(rename = "SCMP_ACT_KILL_PROCESS")]
    KillProcess,
    /// Asks another process, the [`Agent`].
    #[serde(rename = "SCMP_ACT_NOTIFY")]
    Notify,
}

/// An architecture of system calls; one kernel serves a family of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arch {
    /// 64-bit PC.
    #[serde(rename = "SCMP_ARCH_X86_64")]
    X86_64,
    /// 32-bit PC.
    #[serde(rename = "SCMP_ARCH_X86")]
    X86,
    /// 64-bit PC with 32-bit pointers. Never allowed: nobody uses it, and it doubles the ways in.
    #[serde(rename = "SCMP_ARCH_X32")]
    X32,
    /// 64-bit ARM.
    #[serde(rename = "SCMP_ARCH_AARCH64")]
    Aarch64,
    /// 32-bit ARM.
    #[serde(rename = "SCMP_ARCH_ARM")]
    Arm,
}

impl Arch {
    /// The one that this program is built for.
    #[cfg(target_arch = "x86_64")]
    pub const NATIVE: Arch = Arch::X86_64;
    /// The one that this program is built for.
    #[cfg(target_arch = "aarch64")]
    pub const NATIVE: Arch = Arch::Aarch64;

    /// The architectures that programs on this one can use.
    #[must_use]
    pub fn family(self) -> &'static [Arch] {
        match self {
            Arch::X86_64 => &[Arch::X86_64, Arch::X86],
            Arch::X86 => &[Arch::X86],
            Arch::X32 => &[],
            Arch::Aarch64 => &[Arch::Aarch64, Arch::Arm],
            Arch::Arm => &[Arch::Arm],
        }
    }

    /// `AUDIT_ARCH_*` (linux/audit.h), by which a filter knows the architecture of a call.
    #[must_use]
    pub fn audit(self) -> u32 {
        match self {
            Arch::X86_64 | Arch::X32 => 0xc000_003e,
            Arch::X86 => 0x4000_0003,
            Arch::Aarch64 => 0xc000_00b7,
            Arch::Arm => 0x4000_0028,
        }
    }
}
