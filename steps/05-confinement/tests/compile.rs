//! The compiled program says of every call what the rules say, read one after the other.

mod interpreter;

use std::collections::BTreeMap;

use confinement::CapSet;
use confinement::seccomp::{Action, Arch, Filter, Operator, Profile, Rule, Test, number};
use interpreter::{Call, run};

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;

fn errno(code: i32) -> u32 {
    libc::SECCOMP_RET_ERRNO | code as u32
}

/// The rules that name a call, found once.
type Named<'a> = BTreeMap<(u32, u32), Vec<&'a Rule>>;

fn named(profile: &Profile) -> Named<'_> {
    let mut named = Named::new();
    for rule in &profile.syscalls {
        for arch in [Arch::X86_64, Arch::X86, Arch::Aarch64, Arch::Arm] {
            for number in rule.names.iter().filter_map(|name| number(name, arch)) {
                named.entry((arch.audit(), number)).or_default().push(rule);
            }
        }
    }
    named
}

/// The specification.
fn expected(profile: &Profile, native: Arch, rules: &[&Rule], call: &Call) -> u32 {
    let sub = native.family().iter().find(|sub| sub.audit() == call.audit);
    let known = sub.filter(|sub| **sub == native || profile.architectures.contains(sub));
    let Some(arch) = known else { return errno(libc::ENOSYS) };
    if *arch == Arch::X86_64 && call.number >= 0x4000_0000 {
        return errno(libc::ENOSYS);
    }
    let matches = |rule: &&&Rule| rule.args.iter().all(|test| test.operator.holds(call.args[usize::from(test.index)]));
    let (action, data) = match rules.iter().find(matches) {
        Some(rule) => (rule.action, rule.errno_ret),
        None => (profile.default_action, profile.default_errno_ret),
    };
    match action {
        Action::Allow => ALLOW,
        Action::Errno => errno(data.map_or(libc::EPERM, |code| code as i32)),
        Action::Log => libc::SECCOMP_RET_LOG,
        Action::Trap => libc::SECCOMP_RET_TRAP,
        Action::Trace => libc::SECCOMP_RET_TRACE | data.unwrap_or(libc::EPERM as u32),
        Action::KillThread => libc::SECCOMP_RET_KILL_THREAD,
        Action::KillProcess => libc::SECCOMP_RET_KILL_PROCESS,
        Action::Notify => unreachable!("does not compile"),
    }
}

fn numbers() -> impl Iterator<Item = u32> {
    (0..=600).chain([983_041, 983_042, 983_045, 0x3fff_ffff, 0x4000_0000, 0x4000_0029, u32::MAX])
}

/// Every number; those whose arguments matter with every pair of these.
fn agree(profile: &Profile, native: Arch, values: &[u64]) {
    let filter = Filter::compile(profile, native).expect("it compiles");
    let named = named(profile);
    let audits = [Arch::X86_64, Arch::X86, Arch::Aarch64, Arch::Arm].map(Arch::audit);
    for (audit, number) in audits.into_iter().chain([0]).flat_map(|audit| numbers().map(move |n| (audit, n))) {
        let rules = named.get(&(audit, number)).map_or(&[][..], Vec::as_slice);
        let values = if rules.iter().any(|rule| !rule.args.is_empty()) { values } else { &values[..1] };
        for (first, third) in values.iter().flat_map(|first| values.iter().map(move |third| (*first, *third))) {
            let call = Call { number, audit, args: [first, third, third, first, 0, first] };
            assert_eq!(run(filter.program(), &call).0, expected(profile, native, rules, &call), "{call:x?}");
        }
    }
}

/// What lies on both sides of each value that the default profile compares with, in both halves.
const INTERESTING: [u64; 22] = [
    0,
    1,
    2,
    8,
    9,
    16,
    38,
    39,
    40,
    0x80,
    0x1_0000,
    0x2_0000,
    0x2_0008,
    0x1000_0000,
    0x7fff_ffff,
    0xffff_ffff,
    0x1_0000_0000,
    0x1_0000_0026,
    0x1_0000_0028,
    0x1_0000_0010,
    1 << 63,
    u64::MAX,
];

#[test]
fn the_default_profile_is_compiled_faithfully() {
    for capabilities in [CapSet::EMPTY, CapSet::default_for_root(), CapSet::ALL] {
        for native in [Arch::X86_64, Arch::Aarch64] {
            let profile = Profile { architectures: native.family().to_vec(), ..Profile::default_for(&capabilities) };
            agree(&profile, native, &INTERESTING);
        }
    }
}

/// Rules made by a small generator of numbers: every operator, several tests, several rules for one call.
#[test]
fn any_profile_is_compiled_faithfully() {
    let names = ["read", "write", "clone", "socket", "personality", "ioctl", "mseal", "bpf", "futex"];
    let values = [0, 1, 5, 0xffff_ffff, 0x1_0000_0000, 0x5_0000_0001, 0x5_0000_0005, u64::MAX];
    let actions = [Action::Allow, Action::Errno, Action::Log, Action::Trap, Action::Trace, Action::KillProcess];
    let mut random = Random(2026);
    for _ in 0..40 {
        let mut test = || {
            let (a, b) = (random.pick(&values), random.pick(&values));
            let operator = random.pick(&[
                Operator::NotEqual(a),
                Operator::LessThan(a),
                Operator::LessOrEqual(a),
                Operator::EqualTo(a),
                Operator::GreaterOrEqual(a),
                Operator::GreaterThan(a),
                Operator::MaskedEqual { mask: a, value: b & a },
            ]);
            (Test { index: random.pick(&[0, 1, 2, 5]), operator }, random.0)
        };
        let tests: Vec<(Test, u64)> = (0..60).map(|_| test()).collect();
        let mut random = Random(tests[0].1 | 1);
        let rules = tests.chunks(3).map(|tests| {
            let action = random.pick(&actions);
            let has_number = matches!(action, Action::Errno | Action::Trace);
            Rule {
                names: vec![random.pick(&names).into(), random.pick(&names).into()],
                action,
                errno_ret: random.pick(&[None, Some(7)]).filter(|_| has_number),
                args: tests.iter().take(random.pick(&[0, 1, 1, 2, 3])).map(|test| test.0).collect(),
            }
        });
        let profile = Profile {
            default_action: Action::Errno,
            default_errno_ret: None,
            architectures: vec![Arch::X86],
            flags: Vec::new(),
            listener_path: None,
            listener_metadata: None,
            syscalls: rules.collect(),
        };
        agree(&profile, Arch::X86_64, &values);
    }
}

/// Marsaglia's xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        list[(self.0 >> 20) as usize % list.len()]
    }
}

/// CVE-2017-18367: a library joined the tests of a rule by "or".
#[test]
fn all_tests_of_a_rule_have_to_hold() {
    let profile: Profile = serde_json::from_str(
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["ioctl"], "action": "SCMP_ACT_ALLOW", "args": [
            {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"},
            {"index": 1, "value": 2, "valueTwo": 0, "op": "SCMP_CMP_EQ"},
            {"index": 1, "value": 3, "op": "SCMP_CMP_LT"}]}]}"#,
    )
    .expect("it is a profile");
    let filter = Filter::compile(&profile, Arch::X86_64).expect("it compiles");
    let ask = |first, second| {
        let args = [first, second, 0, 0, 0, 0];
        run(filter.program(), &Call { number: 16, audit: Arch::X86_64.audit(), args }).0
    };
    assert_eq!(ask(1, 2), ALLOW);
    for (first, second) in [(1, 0), (1, 1), (0, 2), (1, 3), (0, 0), (1 | 1 << 32, 2), (1, 2 | 1 << 32)] {
        assert_eq!(ask(first, second), errno(libc::EPERM), "{first} {second}");
    }
}

#[test]
fn what_the_default_profile_says() {
    let profile = Profile::default_for(&CapSet::default_for_root());
    let filter = Filter::compile(&profile, Arch::X86_64).expect("it compiles");
    let ask = |arch: Arch, name, args: [u64; 3]| {
        let number = number(name, arch).unwrap_or_else(|| panic!("{name} is a call"));
        let args = [args[0], args[1], args[2], 0, 0, 0];
        run(filter.program(), &Call { number, audit: arch.audit(), args }).0
    };
    let (eperm, enosys, einval) = (errno(libc::EPERM), errno(libc::ENOSYS), errno(libc::EINVAL));
    for (name, args, answer) in [
        ("read", [0; 3], ALLOW),
        ("execve", [0; 3], ALLOW),
        ("chroot", [0; 3], ALLOW),
        ("mount", [0; 3], eperm),
        ("bpf", [0; 3], eperm),
        ("keyctl", [0; 3], ALLOW),
        ("add_key", [0; 3], enosys),
        ("io_uring_setup", [0; 3], enosys),
        ("clone", [0x11, 0, 0], ALLOW),
        ("clone", [0x1000_0011, 0, 0], eperm),
        ("clone3", [0; 3], enosys),
        ("unshare", [0x400, 0, 0], ALLOW),
        ("unshare", [0x1000_0000, 0, 0], eperm),
        ("unshare", [0x80, 0, 0], eperm),
        ("personality", [0xffff_ffff, 0, 0], ALLOW),
        ("personality", [0x40_0000, 0, 0], enosys),
        ("socket", [2, 1, 0], ALLOW),
        ("socket", [38, 5, 0], eperm),
        ("socket", [0x1_0000_0026, 5, 0], eperm),
        ("socket", [40, 1, 0], eperm),
        ("socket", [16, 3, 0], ALLOW),
        ("socket", [16, 3, 9], einval),
    ] {
        assert_eq!(ask(Arch::X86_64, name, args), answer, "{name} {args:x?}");
    }
    assert_eq!(ask(Arch::X86, "socketcall", [1, 0, 0]), enosys);
    assert_eq!(ask(Arch::X86, "socket", [38, 5, 0]), eperm);
    assert_eq!(ask(Arch::X86, "unshare", [0x1000_0000, 0, 0]), eperm);
}

/// The whole point of the tree. Both architectures together are one program.
#[test]
fn no_call_takes_many_instructions() {
    let profile = Profile::default_for(&CapSet::default_for_root());
    let filter = Filter::compile(&profile, Arch::X86_64).expect("it compiles");
    let steps = |number| run(filter.program(), &Call { number, audit: Arch::X86_64.audit(), args: [0; 6] }).1;
    let most = (0..600).map(steps).max();
    assert!(most <= Some(30), "{most:?} instructions");
    assert!(filter.program().len() < 600, "{} instructions", filter.program().len());
}

#[test]
fn what_cannot_be_compiled_is_refused() {
    let compile = |json: &str| -> String {
        let profile: Profile = match serde_json::from_str(json) {
            Ok(profile) => profile,
            Err(error) => return error.to_string(),
        };
        Filter::compile(&profile, Arch::NATIVE).err().map_or("it compiles".into(), |error| error.to_string())
    };
    let rule = |rule: &str| compile(&format!(r#"{{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{rule}]}}"#));
    let test = r#"{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}"#;
    let many = format!(r#"{{"names": ["read"], "action": "SCMP_ACT_LOG", "args": [{}]}}"#, [test; 60].join(","));
    assert_eq!(rule(&many), "seccomp: the rule for read has too many tests");
    let notify = r#"{"names": ["read"], "action": "SCMP_ACT_NOTIFY"}"#;
    assert_eq!(rule(notify), "seccomp: SCMP_ACT_NOTIFY, and nobody to ask: there is no listenerPath");
    let sixth =
        r#"{"names": ["read"], "action": "SCMP_ACT_LOG", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}"#;
    assert!(rule(sixth).starts_with("seccomp: a system call has no argument 6"), "{}", rule(sixth));
    assert_eq!(compile(r#"{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["X"]}"#), "seccomp: unknown flag X");
}
