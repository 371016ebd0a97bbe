//! The kernel's machine in small: the instructions that a seccomp program may have (net/core/filter.c).

use libc::sock_filter;

/// `struct seccomp_data`.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    pub number: u32,
    pub audit: u32,
    pub args: [u64; 6],
}

impl Call {
    fn word(&self, offset: u32) -> u32 {
        match offset {
            0 => self.number,
            4 => self.audit,
            8 | 12 => 0,
            16..=60 if offset.is_multiple_of(4) => {
                let argument = self.args[(offset as usize - 16) / 8];
                if offset.is_multiple_of(8) { argument as u32 } else { (argument >> 32) as u32 }
            }
            _ => panic!("no word at offset {offset}"),
        }
    }
}

/// What the program returns, and how many instructions it took.
pub fn run(program: &[sock_filter], call: &Call) -> (u32, usize) {
    let (mut at, mut register, mut steps) = (0, 0, 0);
    loop {
        let now = program.get(at).expect("the program does not run off its end");
        (at, steps) = (at + 1, steps + 1);
        let choose = |condition: bool| usize::from(if condition { now.jt } else { now.jf });
        match now.code {
            0x20 => register = call.word(now.k),
            0x54 => register &= now.k,
            0x05 => at += now.k as usize,
            0x15 => at += choose(register == now.k),
            0x25 => at += choose(register > now.k),
            0x35 => at += choose(register >= now.k),
            0x06 => return (now.k, steps),
            code => panic!("unknown instruction {code:#x}"),
        }
    }
}
