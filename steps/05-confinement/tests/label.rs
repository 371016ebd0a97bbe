//! Labels, where SELinux has a policy and enforces it.

use std::collections::BTreeSet;

use support::lab::{Lab, Output, Who};

/// Runs a script in which `run` is `confinement run` in a root file system with the label of containers' files, in an empty
/// directory that is gone afterwards.
fn script(script: &str) -> Output {
    let prelude = r#"
        directory=$(mktemp -d) && cd "$directory" && trap 'cd; rm -rf "$directory"' EXIT
        mkdir -p root/{bin,dev,proc,sys,tmp,data} && cp /bin/busybox root/bin/
        for name in sh cat echo sleep true; do ln -s busybox root/bin/$name; done
        chcon -R -t container_file_t root
        run() { /podling/target/debug/confinement run --rootfs root "$@"; }
        # The label of a program that sleeps, and those of its files, as they are seen from outside.
        look() {
            local pid
            until pid=$(pgrep -x -f "sleep $1"); do sleep 0.05; done
            tr -d '\0' </proc/$pid/attr/current && echo
            (cd /proc/$pid/root && stat -c '%C %n' dev dev/pts dev/shm dev/mqueue)
            kill -KILL $pid
        }
    "#;
    Lab::enforcing().run(Who::Tester, &format!("{prelude}{script}"))
}

/// The categories of a label that ends with a pair of them.
fn pair(label: &str) -> (u16, u16) {
    let (_, level) = label.rsplit_once(":s0:").unwrap_or_else(|| panic!("{label:?} has no categories"));
    let (low, high) = level.split_once(',').unwrap_or_else(|| panic!("{label:?} has no pair of categories"));
    let number = |text: &str| text.strip_prefix('c').and_then(|digits| digits.parse().ok()).expect("a category");
    (number(low), number(high))
}

#[test]
fn every_container_has_a_pair_of_categories_for_processes_and_files() {
    let output = script("run sleep 3001 & look 3001; run sleep 3002 & look 3002");
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines.len(), 10, "{output:?}");
    let mut pairs = BTreeSet::new();
    for lines in lines.chunks(5) {
        let (low, high) = pair(lines[0]);
        assert!(low < high && high < 1024, "{lines:?}");
        assert_eq!(lines[0], format!("system_u:system_r:container_t:s0:c{low},c{high}"));
        for (line, name) in lines[1..].iter().zip(["dev", "dev/pts", "dev/shm", "dev/mqueue"]) {
            assert_eq!(*line, format!("system_u:object_r:container_file_t:s0:c{low},c{high} {name}"));
        }
        pairs.insert((low, high));
    }
    assert_eq!(pairs.len(), 2, "both have the same: {pairs:?}");
}

#[test]
fn an_option_says_what_it_is_called() {
    let label = |options: &str| script(&format!("run {options} cat /proc/self/attr/current")).stdout.replace('\0', "");
    assert_eq!(label("--security-opt label=level:s0:c1,c2"), "system_u:system_r:container_t:s0:c1,c2");
    // Whoever is not confined is called as who started it.
    assert_eq!(label("--security-opt label=disable"), "unconfined_u:unconfined_r:unconfined_t:s0");
    assert_eq!(
        label("--security-opt no-new-privileges -u 7").rsplit_once(":s0:").unwrap().0,
        "system_u:system_r:container_t"
    );
    let output = script("run --security-opt label=type:nonsense_t true");
    assert_eq!(output.status, 125);
    assert!(output.stderr.contains("to /proc/thread-self/attr/exec: Invalid argument\nHint: "), "{output:?}");
}

#[test]
fn a_volume_is_readable_only_with_a_label_of_containers() {
    let output = script(
        r#"
        mkdir volume && echo secret >volume/file
        try() { run "$@" cat /data/file 2>&1; echo "$?"; }
        try -v ./volume:/data
        try -v ./volume:/data --security-opt label=disable
        try -v ./volume:/data:Z
        try -v ./volume:/data
        try -v ./volume:/data:z
        try -v ./volume:/data
        stat -c %C volume/file"#,
    );
    let (denied, read) = ("cat: can't open '/data/file': Permission denied\n1\n", "secret\n0\n");
    let expected = [
        // A file of the user's, and no container's.
        denied,
        // The same without the defence.
        read,
        read,
        // The next container has another pair of categories.
        denied,
        // All may.
        read,
        read,
        "system_u:object_r:container_file_t:s0\n",
    ];
    assert_eq!(output.stdout, expected.concat(), "{output:?}");
}

/// What the chapter shows: every command and what it writes.
#[test]
fn the_chapter_tells_what_happens() {
    let output = script(
        r#"
        confinement() { /podling/target/debug/confinement "$@"; }
        mkdir volume && echo mine >volume/file
        while IFS= read -r command; do
            echo "\$ $command"
            eval "$command" 2>&1 | tr '\0' '\n'
        done <<'COMMANDS'
confinement run --rootfs root cat /proc/self/attr/current
confinement run --rootfs root cat /proc/self/attr/current
confinement run --rootfs root -v ./volume:/data cat /data/file
confinement run --rootfs root -v ./volume:/data:Z cat /data/file
stat -c %C volume/file
confinement run --rootfs root -v ./volume:/data cat /data/file
confinement run --rootfs root --security-opt label=disable -v ./volume:/data cat /data/file
confinement run --rootfs root -v /usr:/data:z true
COMMANDS"#,
    );
    // Two numbers that differ each time, in the order of their appearance.
    let mut text = String::new();
    let mut pairs = ["c17,c842", "c305,c611", "c90,c733"].iter();
    for line in output.stdout.lines() {
        match line.rsplit_once(":s0:c") {
            Some((label, _)) => text.extend([label, ":s0:", pairs.next().expect("three pairs"), "\n"]),
            None => text.extend([line, "\n"]),
        }
    }
    assert_eq!(text, include_str!("label.txt"), "the file label.txt is what the chapter shows");
}

#[test]
fn a_label_goes_down_and_does_not_follow_links() {
    let output = script(
        r#"
        mkdir -p volume/deep/er other && touch volume/deep/er/file other/file && ln -s ../other volume/link
        run -v ./volume:/data:z true
        stat -c '%C %n' volume volume/deep/er/file volume/link other other/file"#,
    );
    let (ours, theirs) = ("system_u:object_r:container_file_t:s0", "unconfined_u:object_r:user_tmp_t:s0");
    let expected =
        format!("{ours} volume\n{ours} volume/deep/er/file\n{ours} volume/link\n{theirs} other\n{theirs} other/file\n");
    assert_eq!((output.status, output.stdout.as_str()), (0, expected.as_str()), "{output:?}");
}

#[test]
fn the_systems_directories_keep_their_labels() {
    for path in ["/usr", "/etc", "/home", "/usr/../etc", "$HOME", "/tmp/"] {
        let output = script(&format!("run -v {path}:/data:z true"));
        assert_eq!(output.status, 126, "{path}: {output:?}");
        assert!(output.stderr.contains("is not allowed"), "{path}: {output:?}");
    }
    assert_eq!(Lab::enforcing().ok(Who::Root, "stat -c %C /etc"), "system_u:object_r:etc_t:s0\n");
}
