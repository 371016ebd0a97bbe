use insta::assert_snapshot;

use super::{Docker, Libpod};

fn shot(name: &str, text: String) {
    let mut settings = support::literal();
    settings.set_snapshot_path("../../tests/snapshots");
    settings.bind(|| assert_snapshot!(format!("create_{name}"), text));
}

fn docker(text: &str) -> String {
    let words = serde_json::from_str::<Docker>(text).map_err(|error| error.to_string());
    shown(words.and_then(|create| create.words(Some("web")).map_err(|failure| failure.to_string())))
}

fn libpod(text: &str) -> String {
    let words = serde_json::from_str::<Libpod>(text).map_err(|error| error.to_string());
    shown(words.and_then(|create| create.words().map_err(|failure| failure.to_string())))
}

fn shown(words: Result<Vec<String>, String>) -> String {
    words.map_or_else(|error| format!("refused: {error}"), |words| words.join("\n"))
}

#[test]
fn everything_that_docker_asks_for() {
    shot(
        "docker",
        docker(
            r#"{
        "Image": "nginx", "Cmd": ["-g", "daemon off;"], "Entrypoint": ["/usr/sbin/nginx"], "Env": ["A=1", "B=x y"],
        "Hostname": "h", "User": "1:2", "WorkingDir": "/w", "Tty": true, "OpenStdin": true, "AttachStdin": true,
        "Labels": {"a": "b"}, "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/anonymous": {}, "/bound": {}},
        "StopSignal": "SIGQUIT", "StopTimeout": 3, "Domainname": "", "OnBuild": null, "MacAddress": "",
        "HostConfig": {
            "Binds": ["/host:/bound:ro", "data:/data"], "Mounts": [{"Type": "bind", "Source": "/a", "Target": "/b", "ReadOnly": true}],
            "Tmpfs": {"/t": "size=1m", "/u": ""}, "NetworkMode": "none",
            "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}, {"HostIp": "", "HostPort": ""}], "53/udp": [{"HostIp": "::1", "HostPort": "53"}]},
            "Dns": ["9.9.9.9"], "ExtraHosts": ["a:1.2.3.4"], "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
            "AutoRemove": false, "Memory": 67108864, "MemorySwap": -1, "NanoCpus": 1500000000, "CpuShares": 512, "PidsLimit": 100,
            "CapAdd": ["NET_RAW"], "CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"], "GroupAdd": ["27"],
            "Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 2048}], "ReadonlyRootfs": true,
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m"}},
            "MemorySwappiness": -1, "ConsoleSize": [24, 80], "BlkioWeight": 0, "Devices": [], "OomKillDisable": false, "IpcMode": "private"
        },
        "NetworkingConfig": {"EndpointsConfig": {"default": {"Aliases": null, "MacAddress": "", "GwPriority": 0}}}
    }"#,
        ),
    );
}

#[test]
fn what_docker_cannot_have() {
    let refusals = [
        r#"{"Image": "x", "Domainname": "example.org"}"#,
        r#"{"Image": "x", "Healthcheck": {"Test": ["CMD", "true"]}}"#,
        r#"{"Image": "x", "HostConfig": {"Privileged": true}}"#,
        r#"{"Image": "x", "HostConfig": {"PidMode": "host"}}"#,
        r#"{"Image": "x", "HostConfig": {"Devices": [{"PathOnHost": "/dev/kvm"}]}}"#,
        r#"{"Image": "x", "NetworkingConfig": {"EndpointsConfig": {"mine": {"Aliases": ["db"]}}}}"#,
        r#"{"Image": "x", "Env": ["SECRET"]}"#,
        r#"{"Image": "x", "Env": ["=1"]}"#,
        r#"{"Image": "x", "HostConfig": {"Mounts": [{"Type": "bind", "Source": "/a,ro=false", "Target": "/b"}]}}"#,
        r#"{"Image": "x", "Image": "y"}"#,
        r#"{"Image": "x", "HostConfig": {"Memory": 1}, "HostConfig": {"Memory": 2}}"#,
        r#"{"Image": "x\u0000"}"#,
        r#"{"Image": ["x"]}"#,
        r#"{}"#,
        "[",
    ];
    shot("docker_refused", refusals.map(docker).join("\n"));
}

#[test]
fn no_value_becomes_a_flag() {
    shot("flags", docker(r#"{"Image": "--privileged", "Cmd": ["--rm"], "User": "--rm", "Hostname": "-h"}"#));
}

#[test]
fn everything_that_podman_asks_for() {
    shot(
        "libpod",
        libpod(
            r#"{
        "name": "web", "image": "nginx", "command": ["-g", "daemon off;"], "entrypoint": ["/usr/sbin/nginx"], "env": {"A": "1"},
        "terminal": true, "stdin": true, "labels": {"a": "b"}, "stop_signal": 3, "stop_timeout": 3,
        "restart_policy": "on-failure", "restart_tries": 3, "hostname": "h", "remove": false, "work_dir": "/w", "user": "1:2",
        "mounts": [{"destination": "/b", "type": "bind", "source": "/a", "options": ["rbind", "ro"]}, {"destination": "/t", "type": "tmpfs", "options": ["size=1m"]}],
        "volumes": [{"Name": "data", "Dest": "/data", "Options": ["ro"]}, {"Name": "", "Dest": "/anonymous", "Options": null}],
        "netns": {"nsmode": "pasta"}, "pidns": {}, "portmappings": [
            {"host_ip": "127.0.0.1", "host_port": 8080, "container_port": 80, "protocol": "tcp"}, {"container_port": 90, "range": 2},
            {"host_ip": "::1", "container_port": 53, "protocol": "udp"}],
        "expose": {"80": "tcp"}, "dns_server": ["9.9.9.9"], "cap_add": ["NET_RAW"], "no_new_privileges": true,
        "selinux_opts": ["disable"], "read_only_filesystem": true, "log_configuration": {"driver": "k8s-file", "size": -1},
        "resource_limits": {"memory": {"limit": 67108864}, "cpu": {"quota": 150000, "period": 100000}, "pids": {"limit": 100}},
        "r_limits": [{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 2048}],
        "containerCreateCommand": ["podman", "run"], "seccomp_policy": "default", "healthLogDestination": "local", "healthMaxLogCount": 5
    }"#,
        ),
    );
}

#[test]
fn what_podman_cannot_have() {
    let refusals = [
        r#"{"image": "x", "pod": "p"}"#,
        r#"{"image": "x", "pidns": {"nsmode": "host"}}"#,
        r#"{"image": "x", "privileged": true}"#,
        r#"{"image": "x", "secrets": [{"source": "s"}]}"#,
        r#"{"image": "x", "resource_limits": {"blockIO": {"weight": 10}}}"#,
        r#"{"image": "x", "mounts": [{"type": "devpts", "destination": "/d"}]}"#,
        r#"{"image": "x", "mounts": [{"type": "bind", "source": "/a:/etc", "destination": "/d"}]}"#,
    ];
    shot("libpod_refused", refusals.map(libpod).join("\n"));
}
