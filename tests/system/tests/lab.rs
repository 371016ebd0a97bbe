//! The lab is the system that its tests take it for.

use support::lab::{Lab, Output, Who};

#[test]
fn a_command_says_all_three_things_exactly() {
    let output = Lab::shared().run(Who::Tester, "echo out; echo err >&2; exit 42");
    assert_eq!(output, Output { status: 42, stdout: "out\n".into(), stderr: "err\n".into() });
    let output = Lab::shared().run(Who::Tester, "kill -9 $$");
    assert_eq!(output.status, 137);
}

#[test]
fn tester_is_an_ordinary_person_with_a_user_manager() {
    let lab = Lab::shared();
    assert_eq!(
        lab.ok(Who::Tester, "id -u; pwd; systemctl --user is-active default.target"),
        "1000\n/home/tester\nactive\n"
    );
    assert_eq!(lab.ok(Who::Tester, "loginctl show-user tester -p Linger --value"), "yes\n");
    let controllers = "cat /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers";
    assert_eq!(lab.ok(Who::Tester, controllers), "cpu io memory pids\n");
    assert_eq!(lab.ok(Who::Root, "systemctl --failed --no-legend; ps -p 1 -o comm="), "systemd\n");
}

#[test]
fn the_program_of_this_workspace_runs_there() {
    let output = Lab::shared().run(Who::Tester, "podling run --rm hello");
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(output.stdout.starts_with("Hello from podling!"), "{}", output.stdout);
}

#[test]
fn selinux_has_a_policy_there() {
    assert_eq!(Lab::shared().ok(Who::Root, "getenforce"), "Permissive\n");
    let own = Lab::shared().ok(Who::Tester, "tr -d '\\0' < /proc/self/attr/current");
    assert_eq!(own.trim_end(), "unconfined_u:unconfined_r:unconfined_t:s0");
}
