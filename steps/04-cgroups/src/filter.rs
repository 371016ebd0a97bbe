//! Device rules as a program for the kernel: eBPF of type `BPF_PROG_TYPE_CGROUP_DEVICE`, run whenever a process of the
//! cgroup opens a device's file or makes one (linux/bpf.h, `struct bpf_cgroup_dev_ctx`). cgroup v2 has no other way.

use std::os::fd::AsFd;

use process::{Error, Result};

use crate::devices::{DeviceKind, DeviceRule};
use crate::kernel::{self, Instruction};

/// Operations (linux/bpf_common.h and linux/bpf.h): a class, what it does, and whether with a constant.
const LOAD_WORD: u8 = 0x61;
const AND: u8 = 0x54;
const SHIFT_RIGHT: u8 = 0x74;
const COPY: u8 = 0xbc;
const SET: u8 = 0xb7;
const UNLESS: u8 = 0x55;
const IF: u8 = 0x15;
const EXIT: u8 = 0x95;

/// Registers: the answer, the argument (then free), and what the program keeps of it.
const ANSWER: u8 = 0;
const ARGUMENT: u8 = 1;
const KIND: u8 = 2;
const WANTED: u8 = 3;
const MAJOR: u8 = 4;
const MINOR: u8 = 5;

/// The kernel's kinds.
const BLOCK: i32 = 1;
const CHAR: i32 = 2;

fn op(code: u8, to: u8, value: i32) -> Instruction {
    Instruction { code, registers: to, offset: 0, value }
}

fn from(code: u8, to: u8, from: u8, offset: i16) -> Instruction {
    Instruction { code, registers: to | from << 4, offset, value: 0 }
}

// ANCHOR: program
/// The program: it answers 1 for what the rules allow, else 0, which the caller gets as EPERM.
pub(crate) fn program(rules: &[DeviceRule]) -> Vec<Instruction> {
    let mut program = vec![
        // The first word has the kind below and what is wanted above.
        from(LOAD_WORD, KIND, ARGUMENT, 0),
        op(AND, KIND, 0xffff),
        from(LOAD_WORD, WANTED, ARGUMENT, 0),
        op(SHIFT_RIGHT, WANTED, 16),
        from(LOAD_WORD, MAJOR, ARGUMENT, 4),
        from(LOAD_WORD, MINOR, ARGUMENT, 8),
    ];
    // The last rule first: what it decides needs no other one.
    rules.iter().rev().for_each(|rule| program.extend(block(rule)));
    program.extend(answer(0));
    program
}

fn block(rule: &DeviceRule) -> Vec<Instruction> {
    let access = i32::from(rule.access);
    let decision = match rule.allow {
        // What it allows is wanted no longer; when nothing is left, the answer is yes.
        true => [vec![op(AND, WANTED, !access), op(UNLESS, WANTED, 0)], answer(1)].concat(),
        false => {
            let common = from(COPY, ARGUMENT, WANTED, 0);
            [vec![common, op(AND, ARGUMENT, access), op(IF, ARGUMENT, 0)], answer(0)].concat()
        }
    };
    let kind = match rule.kind {
        DeviceKind::All => None,
        DeviceKind::Block => Some(BLOCK),
        DeviceKind::Char => Some(CHAR),
    };
    let number = |number: Option<u32>| number.map(u32::cast_signed);
    let conditions = [(KIND, kind), (MAJOR, number(rule.major)), (MINOR, number(rule.minor))];
    let conditions = conditions.into_iter().filter_map(|(register, value)| Some(op(UNLESS, register, value?)));
    let mut block: Vec<_> = conditions.chain(decision).collect();
    // Whoever jumps, jumps to the end of the block.
    let length = block.len();
    for (at, instruction) in block.iter_mut().enumerate() {
        if matches!(instruction.code, UNLESS | IF) {
            instruction.offset = i16::try_from(length - at - 1).unwrap_or(i16::MAX);
        }
    }
    block
}

fn answer(yes: i32) -> Vec<Instruction> {
    vec![op(SET, ANSWER, yes), op(EXIT, 0, 0)]
}
// ANCHOR_END: program

/// Has the kernel ask the rules from now on, for a cgroup whose directory this is.
///
/// # Errors
/// When the caller is not root of the whole system, or the kernel was built without.
pub(crate) fn attach(directory: impl AsFd, rules: &[DeviceRule]) -> Result<()> {
    let failed = |error| Error::os("let the kernel check devices", error);
    let program = kernel::load_device_program(&program(rules)).map_err(failed)?;
    kernel::attach_device_program(directory.as_fd(), program.as_fd()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A processor for the few instructions there are.
    fn run(program: &[Instruction], (kind, wanted, major, minor): (u32, u32, u32, u32)) -> u32 {
        let argument = [wanted << 16 | kind, major, minor];
        let (mut registers, mut at) = ([0_u32; 11], 0_usize);
        loop {
            let Instruction { code, registers: both, offset, value } = program[at];
            let (to, other, number) = (usize::from(both & 15), usize::from(both >> 4), value.cast_unsigned());
            at += 1;
            match code {
                LOAD_WORD => registers[to] = argument[usize::try_from(offset / 4).unwrap()],
                AND => registers[to] &= number,
                SHIFT_RIGHT => registers[to] >>= number,
                COPY => registers[to] = registers[other],
                SET => registers[to] = number,
                UNLESS if registers[to] != number => at += usize::try_from(offset).unwrap(),
                IF if registers[to] == number => at += usize::try_from(offset).unwrap(),
                UNLESS | IF => {}
                EXIT => return registers[0],
                _ => panic!("no instruction: {code:#x}"),
            }
        }
    }

    #[test]
    fn the_last_rule_decides_for_each_access() {
        let rule = |text: &str| {
            let deny = text.strip_prefix('!');
            let rule = DeviceRule::parse(deny.unwrap_or(text)).unwrap();
            DeviceRule { allow: deny.is_none(), ..rule }
        };
        let asked =
            |rules: &[&str], what| run(&program(&rules.iter().map(|text| rule(text)).collect::<Vec<_>>()), what);
        let (null, disk) = (|wanted| (2, wanted, 1, 3), |wanted| (1, wanted, 8, 0));
        assert_eq!(asked(&[], null(2)), 0);
        assert_eq!(asked(&["c 1:3 rw"], null(6)), 1);
        assert_eq!(asked(&["c 1:3 r"], null(6)), 0);
        // Two rules together.
        assert_eq!(asked(&["c 1:3 r", "c 1:* w"], null(6)), 1);
        assert_eq!(asked(&["b 1:3 rwm", "c 1:4 rwm", "c 2:3 rwm"], null(2)), 0);
        assert_eq!(asked(&["a *:* rwm", "!b *:* w"], disk(6)), 0);
        assert_eq!(asked(&["a *:* rwm", "!b *:* w"], disk(2)), 1);
        assert_eq!(asked(&["!a *:* rwm", "b 8:0 r"], disk(2)), 1);
        assert_eq!(asked(&["!a *:* rwm", "b 8:0 r"], disk(4)), 0);
    }

    #[test]
    fn what_every_container_has() {
        let asked = |what| run(&program(&crate::devices::DEFAULT), what);
        assert_eq!([asked((2, 6, 1, 3)), asked((2, 6, 136, 17)), asked((1, 1, 8, 0))], [1, 1, 1]);
        // The first disk, the memory, the kernel's log.
        assert_eq!([asked((1, 2, 8, 0)), asked((2, 2, 1, 1)), asked((2, 2, 1, 11))], [0, 0, 0]);
    }
}
