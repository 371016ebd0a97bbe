//! The default profile for runtimes that use libseccomp: that one takes rules in no order, and refuses those that contradict
//! each other (seccomp_rule_add(3)). So each call has rules that can never hold at once.

use std::collections::HashSet;

use super::{Action, Operator, Profile, Rule, Test};
use crate::CapSet;

/// The families of sockets, and the protocols of netlink, that Linux has (socket.h, netlink.h).
const FAMILIES: i32 = 46;
const PROTOCOLS: i32 = 23;

impl Profile {
    /// As [`Profile::default_for`]. What is refused there with EPERM in the second place answers as what is unknown.
    // ANCHOR: unordered
    #[must_use]
    pub fn unordered_for(capabilities: &CapSet) -> Profile {
        let mut profile = Profile::default_for(capabilities);
        let tested = profile.syscalls.iter().filter(|rule| !rule.args.is_empty());
        let tested: HashSet<_> = tested.flat_map(|rule| rule.names.iter().cloned()).collect();
        for rule in &mut profile.syscalls {
            let unconditional = rule.args.is_empty();
            rule.names.retain(|name| name != "socket" && !(unconditional && tested.contains(name)));
        }
        let default = profile.default_errno_ret;
        profile.syscalls.retain(|rule| {
            let says_nothing = rule.action == profile.default_action && rule.errno_ret == default;
            !rule.names.is_empty() && !says_nothing
        });
        let audit = capabilities.has("CAP_AUDIT_WRITE");
        profile.syscalls.extend(sockets(audit));
        profile
    }
    // ANCHOR_END: unordered
}

/// One by one what is allowed: there is no test for "none of these two", nor one that sees only the half of an argument
/// which the kernel looks at and asks for another value.
fn sockets(audit: bool) -> Vec<Rule> {
    let is = |index: u8, value: i32| {
        let value = u64::from(value.cast_unsigned());
        Test { index, operator: Operator::MaskedEqual { mask: 0xffff_ffff, value } }
    };
    let allow = |args: Vec<Test>| Rule { names: vec!["socket".into()], action: Action::Allow, errno_ret: None, args };
    let closed = [libc::AF_ALG, libc::AF_VSOCK];
    let families = (0..FAMILIES).filter(|family| !closed.contains(family));
    let families = families.filter(|family| audit || *family != libc::AF_NETLINK);
    let mut rules: Vec<Rule> = families.map(|family| allow(vec![is(0, family)])).collect();
    if !audit {
        let protocols = (0..PROTOCOLS).filter(|protocol| *protocol != libc::NETLINK_AUDIT);
        rules.extend(protocols.map(|protocol| allow(vec![is(0, libc::AF_NETLINK), is(2, protocol)])));
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_has_two_answers() {
        for capabilities in [CapSet::default(), CapSet::default_for_root(), CapSet::ALL] {
            let profile = Profile::unordered_for(&capabilities);
            let (mut tested, mut decided) = (HashSet::new(), HashSet::new());
            for rule in &profile.syscalls {
                for name in &rule.names {
                    match rule.args.is_empty() {
                        true => assert!(decided.insert(name.clone()), "{name} twice"),
                        false => drop(tested.insert(name.clone())),
                    }
                }
            }
            assert_eq!(tested.intersection(&decided).collect::<Vec<_>>(), Vec::<&std::borrow::Cow<str>>::new());
            assert!(tested.contains("socket"));
        }
    }
}
