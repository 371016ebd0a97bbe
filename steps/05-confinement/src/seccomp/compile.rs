//! From rules to a program for the kernel.
//!
//! The obvious program compares the call's number with one name after the other: 437 instructions before the
//! last call is found. This one is a binary tree over ranges of numbers that have the same answer.

use std::os::fd::OwnedFd;

use libc::sock_filter;
use process::{Error, Result, code};

use super::{Action, Arch, Asked, Operator, Profile, Rule, Test, numbers::Numbers, ready};
use crate::{CapSet, kernel};

/// Offsets into `struct seccomp_data` (linux/seccomp.h).
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

/// The instructions that are needed (linux/bpf_common.h).
const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const AND: u16 = (libc::BPF_ALU | libc::BPF_AND | libc::BPF_K) as u16;
const JUMP: u16 = (libc::BPF_JMP | libc::BPF_JA) as u16;
const IF_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const IF_GREATER: u16 = (libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K) as u16;
const IF_AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

/// In a call's number this bit means x32, on the same `AUDIT_ARCH` as x86_64.
const X32_BIT: u32 = 0x4000_0000;
/// The kernel takes no longer program (linux/bpf_common.h, `BPF_MAXINSNS`).
const LONGEST: usize = 4096;

/// A profile as a program for the kernel, made by [`Filter::compile`] and put to work by [`Filter::load`].
#[derive(Clone)]
pub struct Filter {
    program: Vec<sock_filter>,
    flags: u32,
    asked: Option<Asked>,
}

impl Filter {
    /// How many instructions it has.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "an empty one would be none")]
    pub fn len(&self) -> usize {
        self.program.len()
    }

    /// Compiles `profile` for a kernel whose native architecture is `arch`.
    ///
    /// # Errors
    /// An unknown flag, a rule with too many tests, one that asks an agent who is not there or could not be told.
    // ANCHOR: compile
    pub fn compile(profile: &Profile, arch: Arch) -> Result<Filter> {
        // A number means another call on another architecture, so which one it is has to be the first question.
        let mut program = vec![instruction(LOAD, ARCHITECTURE)];
        let calls = calls(profile);
        for sub in arch.family().iter().filter(|sub| **sub == arch || profile.architectures.contains(sub)) {
            let tree = [vec![instruction(LOAD, NUMBER)], tree(&ranges(profile, &calls, *sub)?)?].concat();
            program.push(branch(IF_EQUAL, sub.audit(), 1, 0));
            program.push(instruction(JUMP, tree.len() as u32));
            program.extend(tree);
        }
        program.push(instruction(RETURN, NOT_IMPLEMENTED));
        if program.len() > LONGEST {
            return Err(Error::new(format!("seccomp: {} instructions are too many for the kernel", program.len()))
                .code(code::BAD_SECCOMP));
        }
        let asked = Asked::of(profile)?;
        Ok(Filter { program, flags: flags(&profile.flags, asked.is_some())?, asked })
    }
    // ANCHOR_END: compile

    /// The default profile's, for a program that has these capabilities. With the default ones it is ready-made, on the
    /// architecture that most have.
    ///
    /// # Errors
    /// None that would not be a mistake in the default profile.
    // ANCHOR: ready
    pub fn default_for(capabilities: &CapSet) -> Result<Filter> {
        match cfg!(target_arch = "x86_64") && *capabilities == CapSet::default_for_root() {
            true => Ok(Filter { program: ready::PROGRAM.map(unpacked).to_vec(), flags: 0, asked: None }),
            false => Filter::compile(&Profile::default_for(capabilities), Arch::NATIVE),
        }
    }
    // ANCHOR_END: ready

    /// The program.
    #[must_use]
    pub fn program(&self) -> &[sock_filter] {
        &self.program
    }

    /// Every system call of this thread, and of what it becomes, goes through the filter from now on.
    ///
    /// # Errors
    /// The thread has neither `no_new_privs` nor `CAP_SYS_ADMIN`, or the kernel has no seccomp.
    // ANCHOR: load
    pub fn load(&self) -> Result<()> {
        match self.asked {
            Some(_) => {
                Err(Error::new("seccomp: SCMP_ACT_NOTIFY, and nobody has met the agent").code(code::BAD_SECCOMP))
            }
            None => kernel::seccomp(&self.program, self.flags).map_err(failed),
        }
    }
    // ANCHOR_END: load

    /// The same for a filter that asks: the answer is the descriptor on which the kernel asks (seccomp_unotify(2)).
    ///
    /// # Errors
    /// As [`Filter::load`], and `EBUSY` when there is such a filter already.
    pub(crate) fn listen(&self) -> Result<OwnedFd> {
        kernel::seccomp_listener(&self.program, self.flags).map_err(failed)
    }

    /// Whom it asks.
    #[must_use]
    pub fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }
}

fn unpacked((code, jt, jf, k): (u16, u8, u8, u32)) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

fn failed(error: std::io::Error) -> Error {
    let denied = error.raw_os_error() == Some(libc::EACCES);
    let error = Error::os("load the seccomp filter", error);
    match denied {
        true => error.hint("it needs no-new-privileges, or CAP_SYS_ADMIN in this user namespace"),
        false => error,
    }
}

const NOT_IMPLEMENTED: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;

/// Numbers from `first` on, up to the next range's, are answered by this.
struct Range<'a> {
    first: u32,
    answer: Answer<'a>,
}

#[derive(PartialEq, Clone)]
enum Answer<'a> {
    Always(u32),
    /// The rules that name the call, and the answer when none matches.
    Depends(Vec<&'a Rule>, u32),
}

/// Each call that a rule names, in the order of the rules: looked up once for all architectures.
fn calls(profile: &Profile) -> Vec<(Numbers, &Rule)> {
    let mut calls = Vec::new();
    for rule in &profile.syscalls {
        calls.extend(rule.names.iter().filter_map(|name| Some((Numbers::of(name)?, rule))));
    }
    calls
}

/// What the profile says of every number, lowest first.
fn ranges<'a>(profile: &Profile, calls: &[(Numbers, &'a Rule)], arch: Arch) -> Result<Vec<Range<'a>>> {
    let default = answer(profile.default_action, profile.default_errno_ret)?;
    let mut rules: Vec<(u32, &Rule)> =
        calls.iter().filter_map(|(numbers, rule)| Some((numbers.on(arch)?, *rule))).collect();
    // Stable: of one call the rules stay in their order.
    rules.sort_by_key(|(number, _)| *number);
    let mut ranges: Vec<Range> = Vec::new();
    let mut push = |first, answer| {
        if ranges.last().is_none_or(|last| last.answer != answer) {
            ranges.push(Range { first, answer });
        }
    };
    let mut next = 0;
    for same in rules.chunk_by(|a, b| a.0 == b.0) {
        let number = same[0].0;
        if number > next {
            push(next, Answer::Always(default));
        }
        push(number, decide(same, default)?);
        next = number + 1;
    }
    push(next, Answer::Always(default));
    if arch == Arch::X86_64 {
        push(X32_BIT, Answer::Always(NOT_IMPLEMENTED));
    }
    Ok(ranges)
}

/// Rules behind one without tests are never reached.
fn decide<'a>(rules: &[(u32, &'a Rule)], default: u32) -> Result<Answer<'a>> {
    let last = rules.iter().position(|(_, rule)| rule.args.is_empty());
    let otherwise = match last {
        Some(last) => answer(rules[last].1.action, rules[last].1.errno_ret)?,
        None => default,
    };
    let reached = &rules[..last.unwrap_or(rules.len())];
    Ok(match reached.is_empty() {
        true => Answer::Always(otherwise),
        false => Answer::Depends(reached.iter().map(|(_, rule)| *rule).collect(), otherwise),
    })
}

/// Half of the ranges on each side of a question; the left side follows, the right side is jumped to.
// ANCHOR: tree
fn tree(ranges: &[Range<'_>]) -> Result<Vec<sock_filter>> {
    if let [range] = ranges {
        return leaf(&range.answer);
    }
    let (left, right) = ranges.split_at(ranges.len() / 2);
    let (below, above) = (tree(left)?, tree(right)?);
    let question = match u8::try_from(below.len()) {
        Ok(far) => vec![branch(IF_AT_LEAST, right[0].first, far, 0)],
        // A conditional jump reaches 255 instructions, an unconditional one any number.
        Err(_) => {
            vec![branch(IF_AT_LEAST, right[0].first, 0, 1), instruction(JUMP, below.len() as u32)]
        }
    };
    Ok([question, below, above].concat())
}
// ANCHOR_END: tree

/// The rules one after the other, each jumping to the next as soon as one of its tests fails.
fn leaf(answer: &Answer<'_>) -> Result<Vec<sock_filter>> {
    let (rules, otherwise) = match answer {
        Answer::Always(value) => return Ok(vec![instruction(RETURN, *value)]),
        Answer::Depends(rules, otherwise) => (rules, *otherwise),
    };
    let mut program = Vec::new();
    for rule in rules {
        // From the last test to the first, because a failing test has to know how far the end is.
        let mut code = vec![instruction(RETURN, self::answer(rule.action, rule.errno_ret)?)];
        for test in rule.args.iter().rev() {
            let fail = u8::try_from(code.len()).ok().filter(|fail| *fail < 200);
            let fail = fail.ok_or_else(|| {
                Error::new(format!("seccomp: the rule for {} has too many tests", rule.names.join(", ")))
                    .code(code::BAD_SECCOMP)
            })?;
            code = [compare(test, fail), code].concat();
        }
        program.extend(code);
    }
    program.push(instruction(RETURN, otherwise));
    Ok(program)
}

/// Falls through when the test passes, jumps over `fail` more instructions when it does not. Registers have
/// 32 bits and arguments 64, so every comparison is one of the high half and perhaps one of the low half.
fn compare(test: &Test, fail: u8) -> Vec<sock_filter> {
    // Little endian, as all of the architectures here.
    let low = instruction(LOAD, ARGUMENTS + 8 * u32::from(test.index));
    let high = instruction(LOAD, ARGUMENTS + 8 * u32::from(test.index) + 4);
    let halves = |value: u64| ((value >> 32) as u32, value as u32);
    let equal = |value| {
        let (h, l) = halves(value);
        vec![high, branch(IF_EQUAL, h, 0, fail + 2), low, branch(IF_EQUAL, l, 0, fail)]
    };
    let ordered = |how, value| {
        let (h, l) = halves(value);
        vec![high, branch(IF_GREATER, h, 3, 0), branch(IF_EQUAL, h, 0, fail + 2), low, branch(how, l, 0, fail)]
    };
    let not_ordered = |how, value| {
        let (h, l) = halves(value);
        vec![high, branch(IF_GREATER, h, fail + 3, 0), branch(IF_EQUAL, h, 0, 2), low, branch(how, l, fail, 0)]
    };
    match test.operator {
        Operator::EqualTo(value) => equal(value),
        Operator::NotEqual(value) => {
            let (h, l) = halves(value);
            vec![high, branch(IF_EQUAL, h, 0, 2), low, branch(IF_EQUAL, l, fail, 0)]
        }
        Operator::GreaterThan(value) => ordered(IF_GREATER, value),
        Operator::GreaterOrEqual(value) => ordered(IF_AT_LEAST, value),
        Operator::LessOrEqual(value) => not_ordered(IF_GREATER, value),
        Operator::LessThan(value) => not_ordered(IF_AT_LEAST, value),
        Operator::MaskedEqual { mask, value } => {
            let ((mask_h, mask_l), (h, l)) = (halves(mask), halves(value));
            // Of a half that is not looked at nothing has to be asked.
            let masked = |load, mask, value, fail| match (mask, value) {
                (0, 0) => Vec::new(),
                _ => vec![load, instruction(AND, mask), branch(IF_EQUAL, value, 0, fail)],
            };
            let low = masked(low, mask_l, l, fail);
            [masked(high, mask_h, h, fail + low.len() as u8), low].concat()
        }
    }
}

/// What the program returns for an action.
fn answer(action: Action, data: Option<u32>) -> Result<u32> {
    if data.is_some() && !matches!(action, Action::Errno | Action::Trace) {
        return Err(
            Error::new("seccomp: errnoRet is for SCMP_ACT_ERRNO and SCMP_ACT_TRACE only").code(code::BAD_SECCOMP)
        );
    }
    let data = data.unwrap_or(libc::EPERM as u32) & libc::SECCOMP_RET_DATA;
    Ok(match action {
        Action::Allow => libc::SECCOMP_RET_ALLOW,
        Action::Errno => libc::SECCOMP_RET_ERRNO | data,
        Action::Log => libc::SECCOMP_RET_LOG,
        Action::Trap => libc::SECCOMP_RET_TRAP,
        Action::Trace => libc::SECCOMP_RET_TRACE | data,
        Action::KillThread => libc::SECCOMP_RET_KILL_THREAD,
        Action::KillProcess => libc::SECCOMP_RET_KILL_PROCESS,
        Action::Notify => libc::SECCOMP_RET_USER_NOTIF,
    })
}

/// Flags that a profile may have, and what the kernel calls them.
const FLAGS: [(&str, u64); 4] = [
    ("SECCOMP_FILTER_FLAG_LOG", libc::SECCOMP_FILTER_FLAG_LOG),
    ("SECCOMP_FILTER_FLAG_SPEC_ALLOW", libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW),
    ("SECCOMP_FILTER_FLAG_TSYNC", libc::SECCOMP_FILTER_FLAG_TSYNC),
    (KILLABLE.0, KILLABLE.1),
];
/// Once the agent has heard the question, only what kills the caller ends the wait for its answer.
const KILLABLE: (&str, u64) = ("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);

/// The flags that a profile may have, and whether this kernel knows each.
#[must_use]
pub fn known_flags() -> Vec<(&'static str, bool)> {
    let with = |flag| if flag == KILLABLE.1 { flag | libc::SECCOMP_FILTER_FLAG_NEW_LISTENER } else { flag };
    FLAGS.iter().map(|(name, flag)| (*name, kernel::knows_seccomp_flag(with(*flag)))).collect()
}

fn flags(names: &[String], asks: bool) -> Result<u32> {
    names.iter().try_fold(0, |flags, name| {
        let (_, flag) = FLAGS
            .into_iter()
            .find(|(known, _)| known == name)
            .ok_or_else(|| Error::new(format!("seccomp: unknown flag {name}")).code(code::BAD_SECCOMP))?;
        Ok(match flag {
            // There is one thread, so there is nobody to synchronize with.
            libc::SECCOMP_FILTER_FLAG_TSYNC => flags,
            // Without a question there is no answer to wait for, and the kernel refuses to be told how.
            libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV if !asks => flags,
            flag => flags | flag as u32,
        })
    })
}

fn instruction(code: u16, k: u32) -> sock_filter {
    branch(code, k, 0, 0)
}

fn branch(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}
