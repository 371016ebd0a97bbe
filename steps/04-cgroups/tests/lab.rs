//! Limits that hold, wherever a container's cgroup can be: in the lab, where there are controllers to hold them.

mod common;

use common::{BEGIN, LOOK, root, settings_of_lab, tester};
use support::lab::{Lab, Who};

/// What the naive limit lets through, held. The chapter shows it.
#[test]
fn what_a_limit_holds() {
    let text = tester(
        r#"
        set +e
        show() {
            printf '$ %s\n' "$1"
            bash -c "$1" 2>&1
            status=$?
            ((status)) && echo "[exit $status]"
        }
        echo '# ANCHOR: held'
        show 'cgroups run --rootfs box --memory 32m dd if=/dev/zero of=/dev/null bs=200M count=1'
        show 'cgroups run --rootfs box --memory 32m dd if=/dev/zero of=/dev/shm/file bs=1M count=60'
        show "cgroups run --rootfs box --pids-limit 20 sh -c 'for n in \$(seq 50); do sleep 9 & done'"
        show "cgroups run --rootfs box --pids-limit 20 sh -c 'for who in root user nobody; do
    su -s /bin/sh \$who -c \"for n in 1 2 3 4 5 6 7 8 9; do sleep 9 & done; echo all as \$who\"
done'"
        echo '# ANCHOR_END: held'
        echo '# ANCHOR: inside'
        show 'cgroups run --rootfs box -m 32m --cpus 0.5 cat /proc/self/cgroup'
        show "cgroups run --rootfs box -m 32m --cpus 0.5 sh -c 'cd /sys/fs/cgroup; cat memory.max cpu.max pids.max'"
        show "cgroups run --rootfs box -m 32m sh -c 'echo max >/sys/fs/cgroup/memory.max'"
        echo '# ANCHOR_END: inside'
        true
        "#,
    );
    settings_of_lab().bind(|| insta::assert_snapshot!("held", text));
}

/// From a log-in session systemd has to be asked, and is asked only for a limit.
#[test]
fn from_a_session() {
    let text = tester(
        r#"
        echo '# ANCHOR: session'
        cat /proc/self/cgroup
        look
        look --memory 64m --memory-reservation 16m --cpus 1.5 --cpu-shares 2048 --pids-limit 50
        echo '# ANCHOR_END: session'
        look --cgroups no-conmon --memory 64m
        "#,
    );
    settings_of_lab().bind(|| insta::assert_snapshot!("session", text));
}

/// What the user's own systemd has started is in its tree, and so can be a container.
#[test]
fn by_files() {
    let text = tester(
        "user bash look; user bash look --memory 64m --memory-swap 64m --cpu-quota 5000 --pids-limit -1
         user bash look --cgroups no-conmon",
    );
    settings_of_lab().bind(|| insta::assert_snapshot!("files", text));
}

/// Within a unit, ours or the system's.
#[test]
fn within_a_unit() {
    let split = tester(
        "user -p Delegate=yes bash look --cgroups split; user -p Delegate=yes bash look --cgroups split --memory 64m
         user -p Delegate=yes --unit=web.service bash -c 'bash look --cgroups split -m 1g; bash look --cgroups split'",
    );
    let system = root(
        r#"
        chown -R tester .
        system() { systemd-run --quiet --pipe --wait --collect -E PATH="$PATH" --working-directory="$PWD" "$@" 2>&1; }
        system --uid=tester -p Delegate=yes bash look --memory 64m
        "#,
    );
    settings_of_lab().bind(|| insta::assert_snapshot!("unit", [split, system].join("--\n")));
}

#[test]
fn as_root() {
    let text = root("look; look --memory 64m --cpus 0.1");
    settings_of_lab().bind(|| insta::assert_snapshot!("root", text));
}

/// Each with what is missing, and how to get it.
#[test]
fn what_cannot_be_set() {
    let text = [
        tester("cgroups run --rootfs box --cpuset-cpus 0 true 2>&1 || echo $?"),
        tester("cgroups run --rootfs box --cgroup-conf memory.hihg=1 true 2>&1 || echo $?"),
        tester("cgroups run --rootfs box --cpu-period 5 true 2>&1 || echo $?"),
        tester("cgroups run --rootfs box --cgroups split true 2>&1 || echo $?"),
        tester("cgroups run --rootfs box --cgroups disabled -m 1g true 2>&1 || echo $?"),
        root(
            r#"
            useradd --create-home lonely 2>/dev/null || true
            chown -R lonely .
            runuser -u lonely -- cgroups run --rootfs box --memory 64m sh -c 'echo runs' 2>&1 || echo $?
            runuser -u lonely -- cgroups run --rootfs box sh -c 'echo runs' 2>&1 || echo $?
            # As many distributions have it.
            useradd --create-home modest 2>/dev/null || true
            chown -R modest .
            id=$(id -u modest)
            mkdir -p /etc/systemd/system/user@$id.service.d
            printf '[Service]\nDelegate=\nDelegate=memory pids\n' >/etc/systemd/system/user@$id.service.d/modest.conf
            systemctl daemon-reload
            loginctl enable-linger modest
            until systemctl is-active --quiet user@$id; do sleep 0.1; done
            run() { runuser -l modest -c "PATH=$PATH; cd $PWD; $1" 2>&1 || echo $?; }
            run 'cgroups run --rootfs box --memory 64m cat /sys/fs/cgroup/memory.max'
            echo '# ANCHOR: delegate'
            run 'cgroups run --rootfs box --cpus 1 true'
            echo '# ANCHOR_END: delegate'
            loginctl disable-linger modest
            "#,
        ),
    ];
    let mut settings = settings_of_lab();
    settings.add_filter(r"\b100[1-9]\b", "LONELY");
    settings.bind(|| insta::assert_snapshot!("refused", text.join("--\n")));
}

/// What comes to a container later, from a session that is not below what is ours: to one in our tree, and to one in a
/// unit.
#[test]
fn from_a_session_into_a_running_one() {
    let program = Lab::shared().put(&std::env::current_exe().unwrap());
    let script = format!(
        "program={program}\n{}",
        r#"
        enters() {
            local pid path
            until pid=$(pgrep -x -f "$1"); do sleep 0.05; done
            path=$(cut -d : -f 3 /proc/$pid/cgroup)
            sleep 4717 &
            ENTERS=$! ENTERED=/sys/fs/cgroup$path $program --ignored --exact inside::it_enters >/dev/null
            cut -d : -f 3 /proc/$!/cgroup
            # It is killed with the others.
            echo 1 >/sys/fs/cgroup$path/cgroup.kill
            wait $! || echo "exit   $?"
        }
        user bash -c 'cgroups run --rootfs box --memory 64m sleep 4716' &
        enters 'sleep 4716'
        cgroups run --rootfs box --memory 64m sleep 4718 &
        enters 'sleep 4718'
        wait
        "#
    );
    settings_of_lab().bind(|| insta::assert_snapshot!("entered", tester(&script)));
}

/// One life after the other, faster than systemd forgets the former one.
#[test]
fn again_and_again_from_a_session() {
    let program = Lab::shared().put(&std::env::current_exe().unwrap());
    let once = format!("AGAIN=yes {program} --ignored --exact inside::it_lives_again | grep -o '1 passed'\n");
    assert_eq!(tester(&once.repeat(3)), "1 passed\n".repeat(3));
}

/// A scope whose monitor was killed goes too, with whoever is left in it.
#[test]
fn a_scope_of_the_dead() {
    let program = Lab::shared().put(&std::env::current_exe().unwrap());
    let script = format!(
        "program={program}\n{}",
        r#"
        cgroups run --rootfs box --memory 64m sleep 4719 &
        outer=$!
        until pid=$(pgrep -x -f 'sleep 4719'); do sleep 0.05; done
        path=$(cut -d : -f 3 /proc/$pid/cgroup)
        # Somebody who does not die with it.
        sleep 4720 &
        ENTERS=$! ENTERED=/sys/fs/cgroup$path $program --ignored --exact inside::it_enters >/dev/null
        kill -KILL $outer
        sleep 0.2
        cat /sys/fs/cgroup$path/cgroup.procs | wc -l
        DEAD=$outer $program --ignored --exact inside::it_is_swept_away >/dev/null
        for _ in $(seq 100); do test -d /sys/fs/cgroup$path/.. || break; sleep 0.05; done
        test -d /sys/fs/cgroup$path/.. || echo gone
        "#
    );
    assert_eq!(tester(&script), "1\ngone\n");
}

/// The same where somebody chose the place: no look around finds that.
#[test]
fn a_chosen_place_of_the_dead() {
    let program = Lab::shared().put(&std::env::current_exe().unwrap());
    let script = format!(
        "program={program}\n{}",
        r#"
        cat >die <<'END'
        exec 2>/dev/null
        cgroups run --rootfs box --cgroup-parent $1 sleep 4722 &
        outer=$!
        until pid=$(pgrep -x -f 'sleep 4722'); do sleep 0.05; done
        path=/sys/fs/cgroup$(cut -d : -f 3 /proc/$pid/cgroup)
        kill -KILL $outer
        test -d $path && DEAD=$outer PARENT=$1 $program --ignored --exact inside::it_is_swept_away >/dev/null
        for _ in $(seq 100); do test -d $path || break; sleep 0.05; done
        test -d $path || echo gone
END
        export program
        bash die chosen.slice
        user -E program=$program bash die /user.slice/user-1000.slice/user@1000.service/chosen
        "#
    );
    assert_eq!(tester(&script), "gone\ngone\n");
}

/// This file's ignored tests, in the lab, in a unit of the user's systemd.
#[test]
fn inside_the_lab() {
    let lab = Lab::shared();
    let program = lab.put(&std::env::current_exe().unwrap());
    let script = format!("user {program} --ignored --test-threads=1");
    let output = lab.run(Who::Tester, &format!("{BEGIN}{LOOK}{script}"));
    assert!(output.stdout.contains("test result: ok. 8 passed"), "{}{}", output.stdout, output.stderr);
}

mod inside {
    use std::process::{Child, Command};
    use std::time::Duration;

    use cgroups::{Cgroup, Limits, Mode, Place, Placement, sweep};
    use nix::unistd::Pid;
    use support::observe;

    /// A process, and a cgroup that it was put into.
    fn place(id: &str, limits: &Limits, program: &[&str]) -> Option<(Cgroup, Child)> {
        // Whoever asks for all ignored tests gets them where there is no such place, too.
        if std::fs::read_to_string("/proc/self/cgroup").is_ok_and(|text| !text.contains("user@1000.service")) {
            return None;
        }
        // It waits until it is there.
        let script = format!("read word; exec {}", program.join(" "));
        let mut command = Command::new("sh");
        let mut child = command.args(["-c", &script]).stdin(std::process::Stdio::piped()).spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        let cgroup = Place::make(id, limits, &Placement::default()).unwrap().settle(pid).unwrap().unwrap();
        std::fs::write(cgroup.path().join("cgroup.procs"), child.id().to_string()).unwrap();
        drop(child.stdin.take());
        Some((cgroup, child))
    }

    #[test]
    #[ignore = "runs in the lab, by the test above"]
    fn a_frozen_cgroup_stands_still() {
        let Some((cgroup, mut child)) = place("frozen", &Limits::default(), &["sh -c 'while :; do :; done'"]) else {
            return;
        };
        let used = || cgroup.statistics().unwrap().cpu_usec;
        observe::await_some("some work", || (used() > 50_000).then_some(()));
        cgroup.freeze().unwrap();
        let frozen = used();
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(used(), frozen);
        cgroup.thaw().unwrap();
        observe::await_some("more work", || (used() > frozen + 50_000).then_some(()));
        // A frozen one dies as well.
        cgroup.freeze().unwrap();
        let path = cgroup.path().to_owned();
        cgroup.remove().unwrap();
        assert!(!path.exists() && Cgroup::open(&path).is_none());
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    #[ignore = "runs in the lab, by the test above"]
    fn memory_that_runs_out_is_told() {
        let limits = Limits { memory: Some(32 << 20), memory_swap: Some(32 << 20), ..Limits::default() };
        let eat = ["busybox dd if=/dev/zero of=/dev/null bs=200M count=1"];
        let Some((cgroup, mut child)) = place("eats", &limits, &eat) else { return };
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        assert!(cgroup.oom_killed());
        let patience = Duration::from_secs(20);
        assert!(cgroup.memory_events().unwrap().wait(patience, |events| events.get("oom_kill") == 1).unwrap());
        assert!(cgroup.events().unwrap().wait(patience, |events| events.get("populated") == 0).unwrap());
        let found = cgroup.statistics().unwrap();
        assert_eq!((found.oom_kills, found.memory_max, found.pids_max, found.pids), (1, Some(32 << 20), Some(2048), 0));
        assert!(!cgroup.is_populated());
        cgroup.remove().unwrap();
    }

    #[test]
    #[ignore = "runs in the lab, by the test above"]
    fn limits_change_while_it_runs() {
        let Some((cgroup, mut child)) = place("changes", &Limits::default(), &["sleep 4712"]) else { return };
        let read = |file| std::fs::read_to_string(cgroup.path().join(file)).unwrap();
        assert_eq!(read("memory.max"), "max\n");
        let mut limits = Limits { memory: Some(1 << 24), pids: Some(5), ..Limits::default() };
        limits.set_cpus(0.25).unwrap();
        cgroup.update(&limits).unwrap();
        assert_eq!([read("memory.max"), read("pids.max"), read("cpu.max")], ["16777216\n", "5\n", "25000 100000\n"]);
        cgroup.update(&Limits { pids: Some(-1), ..Limits::default() }).unwrap();
        assert_eq!([read("memory.max"), read("pids.max")], ["16777216\n", "max\n"]);
        assert!(!cgroup.oom_killed());
        cgroup.kill().unwrap();
        child.wait().unwrap();
        cgroup.remove().unwrap();
    }

    #[test]
    #[ignore = "runs in the lab, by the test above"]
    fn what_is_below_goes_too() {
        let Some((cgroup, mut child)) = place("deep", &Limits::default(), &["sleep 4713"]) else { return };
        let below = cgroup.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        std::fs::write(below.join("cgroup.procs"), child.id().to_string()).unwrap();
        assert_eq!(cgroup.pids(), [Pid::from_raw(i32::try_from(child.id()).unwrap())]);
        let path = cgroup.path().to_owned();
        cgroup.remove().unwrap();
        assert!(!path.exists());
        child.wait().unwrap();
    }

    #[test]
    #[ignore = "runs in the lab, by the test above"]
    fn the_dead_are_swept_away() {
        let Some((dead, mut child)) = place("dead", &Limits::default(), &["sleep 4714"]) else { return };
        let Some((alive, mut other)) = place("alive", &Limits::default(), &["sleep 4715"]) else { return };
        assert_eq!(sweep(&|id| id != "dead"), 1);
        assert!(!dead.path().exists() && alive.path().exists());
        child.wait().unwrap();
        assert_eq!(sweep(&|id| id != "dead"), 0);
        alive.remove().unwrap();
        other.wait().unwrap();
    }

    #[test]
    #[ignore = "runs in the lab, by a test above, with a process and a cgroup"]
    fn it_enters() {
        let (Ok(pid), Ok(path)) = (std::env::var("ENTERS"), std::env::var("ENTERED")) else { return };
        let entrance = Cgroup::open(path.as_ref()).unwrap().entrance(true).unwrap().unwrap();
        entrance.enter(Pid::from_raw(pid.parse().unwrap())).unwrap();
    }

    #[test]
    #[ignore = "runs in the lab, by a test above, with an id"]
    fn it_is_swept_away() {
        let Ok(dead) = std::env::var("DEAD") else { return };
        if let Ok(parent) = std::env::var("PARENT") {
            return Placement { parent: Some(parent), ..Placement::default() }.sweep(&dead);
        }
        assert_eq!(sweep(&|id| id != dead), 1);
    }

    #[test]
    #[ignore = "runs in the lab, by a test above"]
    fn it_lives_again() {
        if std::env::var("AGAIN").is_err() {
            return;
        }
        let mut child = Command::new("sleep").arg("4721").spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        let limits = Limits { memory: Some(1 << 26), ..Limits::default() };
        let placement = Placement { mode: Mode::NoConmon, ..Placement::default() };
        let place = Place::make("again", &limits, &placement).unwrap();
        let cgroup = place.settle(pid).unwrap().unwrap();
        assert!(cgroup.path().ends_with("podling-again.scope/podling-again"), "{}", cgroup.path().display());
        // Somebody of the former life stays a little longer.
        cgroup.kill().unwrap();
        child.wait().unwrap();
    }
}
