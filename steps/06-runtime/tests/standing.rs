//! How a program is treated beside others, and the clocks and processors that it has: seen from inside and from outside.

mod bundle;

use std::fs;

use bundle::Bundle;
use serde_json::{Value, json};
use support::observe::namespace;

/// What the second half of `/proc/PID/stat` has: field 3 is the first one (proc_pid_stat(5)).
fn stat(pid: u32, field: usize) -> i64 {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    text.rsplit_once(") ").unwrap().1.split(' ').nth(field - 3).unwrap().trim().parse().unwrap()
}

#[test]
fn the_scheduler() {
    let scheduler = json!({ "policy": "SCHED_BATCH", "nice": 7, "flags": ["SCHED_FLAG_RESET_ON_FORK"] });
    let wrong = Bundle::new().with("/process/scheduler", scheduler).run();
    assert!(wrong.contains("SCHED_FLAG_RESET_ON_FORK"), "{wrong}");
    let scheduler = json!({ "policy": "SCHED_BATCH", "nice": 7, "flags": ["SCHED_RESET_ON_FORK"] });
    let sleeper = Bundle::new().with("/process/scheduler", scheduler).sleep();
    assert_eq!((stat(sleeper.pid, 19), stat(sleeper.pid, 41)), (7, 3));
    // Root of a namespace that is not the system's has no right to be before all others.
    let scheduler = json!({ "policy": "SCHED_FIFO", "priority": 5 });
    let said = Bundle::new().shell("echo it runs").with("/process/scheduler", scheduler).run();
    assert_eq!(
        said,
        "Error: set the scheduler: Operation not permitted\n\
         Hint: to be treated better than others takes CAP_SYS_NICE in the system's own user namespace\n[exit 125]\n"
    );
    let said = Bundle::new().with("/process/scheduler", json!({ "policy": "SCHED_ISO" })).run();
    assert_eq!(said, "Error: process.scheduler: Linux has no SCHED_ISO\n[exit 125]\n");
}

#[test]
fn the_priority_of_its_disk_requests() {
    let priority = |class: &str, level: i64| json!({ "class": class, "priority": level });
    let run =
        |asked: Value| Bundle::new().args(&["busybox", "ionice", "-p", "1"]).with("/process/ioPriority", asked).run();
    assert_eq!(run(priority("IOPRIO_CLASS_IDLE", 0)), "idle\n");
    assert_eq!(run(priority("IOPRIO_CLASS_BE", 6)), "best-effort: prio 6\n");
    assert_eq!(
        run(priority("IOPRIO_CLASS_BE", 8)),
        "Error: process.ioPriority.priority is 8: it is 0 to 7\n[exit 125]\n"
    );
}

#[test]
fn the_system_that_it_sees() {
    let personality = |asked: Value| Bundle::new().args(&["uname", "-m"]).with("/linux/personality", asked).run();
    let machine = personality(json!({ "domain": "LINUX" }));
    assert_eq!(machine.trim(), std::env::consts::ARCH);
    if machine.starts_with("x86_64") {
        assert_eq!(personality(json!({ "domain": "LINUX32" })), "i686\n");
    }
    let said = personality(json!({ "domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"] }));
    assert_eq!(said, "Error: linux.personality: there is no flag ADDR_NO_RANDOMIZE\n[exit 125]\n");
}

#[test]
fn the_nodes_of_its_memory() {
    let policy = json!({ "mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"] });
    let bound =
        Bundle::new().shell("grep -m 1 -o 'bind=static:0' /proc/self/numa_maps").with("/linux/memoryPolicy", policy);
    assert_eq!(bound.run(), "bind=static:0\n");
    let said = |policy: Value| Bundle::new().shell("echo it runs").with("/linux/memoryPolicy", policy).run();
    assert_eq!(
        said(json!({ "mode": "MPOL_DEFAULT", "nodes": "0-7" })),
        "Error: set the memory policy: Invalid argument\n\
         Hint: `/sys/devices/system/node/online` says which nodes there are\n[exit 125]\n"
    );
    assert_eq!(
        said(json!({ "mode": "MPOL_BIND", "nodes": "0-9876543210" })),
        "Error: linux.memoryPolicy.nodes \"0-9876543210\": it is a list such as 0-3,7, of numbers up to 1023\n[exit 125]\n"
    );
    assert!(said(json!({ "mode": "BIND", "nodes": "0" })).contains("unknown variant `BIND`"));
}

#[test]
fn clocks_of_its_own() {
    let uptime = |bundle: &Bundle| bundle.run().split('.').next().unwrap().parse::<u64>().unwrap();
    let kinds = |bundle: Bundle| {
        let mut bundle = bundle.args(&["cat", "/proc/uptime"]);
        bundle.config["linux"]["namespaces"].as_array_mut().unwrap().push(json!({ "type": "time" }));
        bundle
    };
    let far = json!({ "boottime": { "secs": 1_000_000_000, "nanosecs": 5 }, "monotonic": { "secs": 7 } });
    assert!(uptime(&kinds(Bundle::new()).with("/linux/timeOffsets", far.clone())) >= 1_000_000_000);
    assert!(uptime(&kinds(Bundle::new())) < 1_000_000_000);
    let none = Bundle::new().with("/linux/timeOffsets", far).run();
    assert_eq!(none, "Error: linux.timeOffsets is for a time namespace of the container's own\n[exit 125]\n");
    let other = kinds(Bundle::new()).with("/linux/timeOffsets", json!({ "realtime": { "secs": 1 } })).run();
    assert_eq!(other, "Error: linux.timeOffsets: there is no clock \"realtime\"\n[exit 125]\n");
}

/// Another one is born into them, and whoever `exec` adds.
#[test]
fn clocks_of_others() {
    let mut first = Bundle::new().with("/linux/timeOffsets", json!({ "boottime": { "secs": 2_000_000_000 } }));
    first.config["linux"]["namespaces"].as_array_mut().unwrap().push(json!({ "type": "time" }));
    let first = first.sleep();
    let said = first.bundle.runtime(&["exec", "box", "cat", "/proc/uptime"]);
    assert!(said.starts_with('2') && said.find('.') == Some(10), "{said}");
    let mut second = Bundle::new().without_namespace("user").args(&["sleep", "1000"]);
    for kind in ["user", "time"] {
        let path = format!("/proc/{}/ns/{kind}", first.pid);
        second.config["linux"]["namespaces"].as_array_mut().unwrap().push(json!({ "type": kind, "path": path }));
    }
    second.create("other");
    let pid = u32::try_from(second.state("other")["pid"].as_u64().unwrap()).unwrap();
    assert_eq!(namespace(pid, "time"), namespace(first.pid, "time"));
}

#[test]
fn processors_of_who_comes_later() {
    let allowed = fs::read_to_string("/proc/self/status").unwrap();
    let allowed = allowed.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:\t")).unwrap();
    let last: u32 = allowed.rsplit([',', '-']).next().unwrap().parse().unwrap();
    let first: u32 = allowed.split([',', '-']).next().unwrap().parse().unwrap();
    let affinity = json!({ "initial": first.to_string(), "final": last.to_string() });
    let sleeper = Bundle::new().with("/process/execCPUAffinity", affinity).sleep();
    let list = |pid: &str| format!("grep Cpus_allowed_list /proc/{pid}/status | cut -f2");
    // It is not for the container's own program.
    assert_eq!(sleeper.bundle.runtime(&["exec", "box", "sh", "-c", &list("1")]), format!("{allowed}\n"));
    let said = sleeper.bundle.runtime(&["--debug", "exec", "box", "sh", "-c", &list("self")]);
    let (out, debug) = said.split_once('\n').unwrap();
    assert_eq!(out, last.to_string());
    assert!(debug.contains(&format!("affinity: {:#x}\n", 1_u128 << first)), "{debug}");
}
