//! The way from a document to a container, and back.

use std::path::Path;

use oci_spec::runtime::Spec;
use runtime::{Around, Container};
use serde_json::{Value, json};

fn again(document: &Value) -> Value {
    let spec: Spec = serde_json::from_value(document.clone()).unwrap();
    let container = Container::from_spec(&spec, Path::new("/bundle")).unwrap();
    container.describe(&Around::default()).unwrap()
}

/// What is said is what was understood, so that another runtime makes the same of it.
#[test]
fn it_says_the_same() {
    let document = json!({
        "ociVersion": "1.0.2",
        "root": { "path": "/root-of-it", "readonly": true },
        "hostname": "box",
        "process": {
            "terminal": false,
            "user": { "uid": 5, "gid": 6, "umask": 63, "additionalGids": [6, 7] },
            "args": ["sh", "-c", "true"], "env": ["PATH=/bin", "A=b"], "cwd": "/tmp",
            "capabilities": {
                "bounding": ["CAP_CHOWN", "CAP_KILL"], "effective": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN"],
                "inheritable": [], "ambient": [],
            },
            "noNewPrivileges": true,
            "rlimits": [{ "type": "RLIMIT_NOFILE", "soft": 10, "hard": 20 }],
        },
        "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid"] },
            { "destination": "/data", "type": "bind", "source": "/srv", "options": ["rbind", "ro"] },
        ],
        "annotations": {},
        "linux": {
            "namespaces": [{ "type": "mount" }, { "type": "pid" }, { "type": "network" }, { "type": "ipc" }, { "type": "uts" }],
            "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"],
            "sysctl": { "net.ipv4.ip_forward": "1" },
        },
    });
    let described = again(&document);
    assert_eq!(described, document);
    assert_eq!(again(&described), document);
}

/// A label has commas, as options have: it is said in a place of its own.
#[test]
fn what_selinux_calls_its_files() {
    let text = r#"{ "ociVersion": "1.0.2", "root": { "path": "/r" }, "process": { "user": { "uid": 0, "gid": 0 }, "args": ["sh"], "cwd": "/" },
        "mounts": [{ "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid"] }],
        "linux": { "namespaces": [{ "type": "mount" }] } }"#;
    let spec: Spec = serde_json::from_str(text).unwrap();
    let mut container = Container::from_spec(&spec, Path::new("/bundle")).unwrap();
    container.rootfs.mounts[0].options.push("context=\"a:b:c:s0:c1,c2\"".into());
    let described = container.describe(&Around::default()).unwrap();
    assert_eq!(described["linux"]["mountLabel"], "a:b:c:s0:c1,c2");
    assert_eq!(described["mounts"][0]["options"], json!(["nosuid"]));
}
