//! Steps 01 to 06: processes, namespaces, roots, cgroups, confinement, and the program itself.

use super::Trouble;

/// User namespaces are refused.
pub const NO_USER_NAMESPACES: u16 = 201;
/// The user has no subordinate ids.
pub const NO_SUBORDINATE_IDS: u16 = 202;
/// newuidmap or newgidmap is not there.
pub const NO_NEWUIDMAP: u16 = 203;
/// newuidmap or newgidmap does not do it.
pub const NEWUIDMAP_REFUSED: u16 = 204;
/// An id has no number outside.
pub const UNMAPPED_ID: u16 = 205;
/// Overlay cannot be mounted.
pub const NO_OVERLAY: u16 = 301;
/// A volume's source is not there.
pub const NO_SOURCE: u16 = 302;
/// cgroup v1, or both.
pub const CGROUP_V1: u16 = 401;
/// Nothing is delegated.
pub const NO_DELEGATION: u16 = 402;
/// A controller is not delegated.
pub const NO_CONTROLLER: u16 = 403;
/// The policy does not take the label.
pub const LABEL_REFUSED: u16 = 501;
/// A resource limit is above the caller's.
pub const RLIMIT_REFUSED: u16 = 502;
/// The program is not there.
pub const NO_PROGRAM: u16 = 601;
/// The program cannot be executed.
pub const NOT_EXECUTABLE: u16 = 602;
/// The program is for another machine.
pub const WRONG_ARCHITECTURE: u16 = 603;

pub(super) const TROUBLES: &[Trouble] = &[
    Trouble {
        code: NO_USER_NAMESPACES,
        what: "this system does not let ordinary users make user namespaces",
        cause: "a sysctl (user.max_user_namespaces, kernel.unprivileged_userns_clone), AppArmor's restriction on Ubuntu, or a \
                filter around podling forbids what everything else stands on",
        cure: "`podling doctor` says which of them it is",
        needs: Some("user-namespaces"),
        chapter: "step-02",
    },
    Trouble {
        code: NO_SUBORDINATE_IDS,
        what: "the user has no subordinate ids, or too few",
        cause: "a container's users are ids of the user's own in /etc/subuid and /etc/subgid; without them there is one user, \
                and files of others cannot be unpacked",
        cure: "give the user a range that nobody else has; `podling system migrate` lets it count at once",
        needs: Some("subids"),
        chapter: "step-02",
    },
    Trouble {
        code: NO_NEWUIDMAP,
        what: "newuidmap or newgidmap is not installed, or not in PATH",
        cause: "an ordinary user may map itself alone; these two programs map the user's subordinate ids",
        cure: "install them",
        needs: Some("newuidmap"),
        chapter: "step-02",
    },
    Trouble {
        code: NEWUIDMAP_REFUSED,
        what: "newuidmap or newgidmap refused the map",
        cause: "it has lost its setuid bit or its file capability (a copied disk, a container's image, a mount with nosuid), or \
                the range is not the user's in /etc/subuid and /etc/subgid",
        cure: "`podling doctor` looks at both; then give the right back",
        needs: Some("newuidmap-rights"),
        chapter: "step-02",
    },
    Trouble {
        code: UNMAPPED_ID,
        what: "a user or group has no number in the user namespace",
        cause: "the image, --user or a file asks for an id that the map does not have: above the 65536 of a usual range, or outside of \
                what --uidmap, --gidmap or --userns say",
        cure: "ask for more (--uidmap, --userns auto:size=N), or use another image or another --user; where the user has too few ids, \
               give it more, then `podling system migrate`",
        needs: Some("subids"),
        chapter: "step-02",
    },
    Trouble {
        code: NO_OVERLAY,
        what: "an overlay cannot be mounted",
        cause: "the kernel is older than 5.11, has no overlay module, or the store is on a file system that cannot carry one: \
                NFS, another overlay, eCryptfs. Then fuse-overlayfs does it, which is not there, or cannot. Network file systems do \
                not know user namespaces either, so that unpacking fails there",
        cure: "keep the store on a local disk (podling --root PLACE, or XDG_DATA_HOME=PLACE), or install fuse-overlayfs",
        needs: Some("overlay"),
        chapter: "step-03",
    },
    Trouble {
        code: NO_SOURCE,
        what: "the source of a volume is not there",
        cause: "-v HOST:PLACE mounts what is there already; Docker would make a directory, podling and Podman do not",
        cure: "mkdir it first, or give a name without a slash for a volume that is made",
        needs: None,
        chapter: "step-11-volumes",
    },
    Trouble {
        code: CGROUP_V1,
        what: "limits need cgroup v2, and this machine has version 1, or both",
        cause: "an ordinary user can be given a part of version 2 only; version 1 cannot be delegated safely",
        cure: "without limits containers run here too; else boot with version 2 alone",
        needs: Some("cgroup-v2"),
        chapter: "step-04",
    },
    Trouble {
        code: NO_DELEGATION,
        what: "no cgroup is delegated to the user",
        cause: "systemd gives each user who logged in a part of the tree; su, sudo and cron are no log-in",
        cure: "log in by ssh, a terminal or `machinectl shell`, or keep the user's systemd running",
        needs: Some("linger"),
        chapter: "step-04",
    },
    Trouble {
        code: NO_CONTROLLER,
        what: "a cgroup controller is not delegated to the user",
        cause: "systemd delegates memory and pids by itself, and the others (cpu, cpuset, io) where it is told to",
        cure: "tell it, then log out and in again",
        needs: Some("delegation"),
        chapter: "step-04",
    },
    Trouble {
        code: LABEL_REFUSED,
        what: "the security module refused the container's label or profile",
        cause: "SELinux's policy has no such user, role, type or level, or AppArmor has not loaded the profile",
        cure: "install the policy for containers; --security-opt label=disable or apparmor=unconfined does without",
        needs: Some("selinux"),
        chapter: "step-05",
    },
    Trouble {
        code: RLIMIT_REFUSED,
        what: "a resource limit is above the caller's own",
        cause: "who has no rights on the host can lower hard limits, never raise them, also as root of a user namespace",
        cure: "ask for less, or raise the user's in /etc/security/limits.conf or by systemd (LimitNOFILE=)",
        needs: None,
        chapter: "step-05",
    },
    Trouble {
        code: NO_PROGRAM,
        what: "the container's program is not there (exit status 127)",
        cause: "it is not in the image, or not in its PATH; or it is a script whose interpreter is not there, or a program whose \
                loader is not (one for glibc in an image with musl)",
        cure: "look: podling run --rm -it IMAGE sh; the first line of a script names its interpreter",
        needs: None,
        chapter: "step-01",
    },
    Trouble {
        code: NOT_EXECUTABLE,
        what: "the container's program may not be executed (exit status 126)",
        cause: "it is a directory, lacks the x bit, or is in a volume that is mounted noexec, as a home directory sometimes is",
        cure: "chmod +x in the image; `findmnt -T PLACE` shows noexec of a volume: then keep the program elsewhere",
        needs: None,
        chapter: "step-01",
    },
    Trouble {
        code: WRONG_ARCHITECTURE,
        what: "Exec format error: the program is not one for this machine",
        cause: "the image is of another architecture (arm64 on amd64), or a script lacks its first line #!/bin/sh",
        cure: "podling image inspect --format '{{.Architecture}}' IMAGE tells; pull it with --platform for this machine",
        needs: None,
        chapter: "step-01",
    },
];
