//! Step 05: rights, filters, labels.

use super::Trouble;

/// The policy does not take the label.
pub const LABEL_REFUSED: u16 = 501;
/// A resource limit is above the caller's.
pub const RLIMIT_REFUSED: u16 = 502;
/// A capability is not one, or is asked for both ways.
pub const BAD_CAPABILITY: u16 = 503;
/// A word of --security-opt is not known.
pub const BAD_SECURITY_OPTION: u16 = 504;
/// A seccomp profile cannot be used.
pub const BAD_SECCOMP: u16 = 505;
/// A sysctl may not be set.
pub const BAD_SYSCTL: u16 = 506;
/// A resource limit is not written as one.
pub const BAD_ULIMIT: u16 = 507;
/// A user or group is not in the image, or is no id.
pub const NO_USER: u16 = 508;
/// A directory of the system is not to be changed.
pub const SYSTEM_DIRECTORY: u16 = 509;
/// AppArmor is asked for and not there.
pub const NO_APPARMOR: u16 = 510;
/// There are no SELinux categories left.
pub const CATEGORIES_USED_UP: u16 = 511;

const fn trouble(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble::new(code, what, cause, cure, "step-05")
}

pub(super) const TROUBLES: &[Trouble] = &[
    trouble(
        LABEL_REFUSED,
        "the security module refused the container's label or profile",
        "SELinux's policy has no such user, role, type or level, or AppArmor has not loaded the profile",
        "install the policy for containers; --security-opt label=disable or apparmor=unconfined does without",
    )
    .needs("selinux"),
    trouble(
        RLIMIT_REFUSED,
        "a resource limit is above the caller's own",
        "who has no rights on the host can lower hard limits, never raise them, also as root of a user namespace",
        "ask for less, or raise the user's in /etc/security/limits.conf or by systemd (LimitNOFILE=)",
    ),
    trouble(
        BAD_CAPABILITY,
        "a capability is unknown, or is added and dropped at once",
        "--cap-add and --cap-drop take the names of capabilities(7), with or without cap_, or all",
        "capabilities(7) lists them",
    ),
    trouble(
        BAD_SECURITY_OPTION,
        "--security-opt does not know this",
        "it takes label=, apparmor=, seccomp=, no-new-privileges, mask=, unmask= and proc-opts=",
        "podling run --help lists them",
    ),
    trouble(
        BAD_SECCOMP,
        "the seccomp profile cannot be used",
        "its file is missing or broken, or it asks for what the kernel's filters cannot do; or it leaves decisions to an \
         agent (SCMP_ACT_NOTIFY) where there is none",
        "the message says what; without --security-opt seccomp=FILE the usual profile is used",
    ),
    trouble(
        BAD_SYSCTL,
        "the sysctl cannot be set for a container",
        "only those of a namespace may be set: net.*, and those of IPC (kernel.shm*, kernel.msg*, kernel.sem, \
         fs.mqueue.*); the others are the whole machine's",
        "sudo sysctl -w NAME=VALUE sets the machine's",
    ),
    trouble(
        BAD_ULIMIT,
        "a resource limit cannot be understood",
        "--ulimit is NAME=SOFT[:HARD], the names are those of getrlimit(2) in small letters, and the soft one is \
         not above the hard one",
        "--ulimit nofile=1024:2048",
    ),
    trouble(
        NO_USER,
        "no such user or group in the image",
        "a name is looked up in the image's /etc/passwd and /etc/group, never in the host's; a number is always \
         taken",
        "podling run --rm IMAGE cat /etc/passwd lists them; or give a number: --user 1000:1000",
    ),
    trouble(
        SYSTEM_DIRECTORY,
        "podling does not change the owner or the label of such a directory",
        "the options U, z and Z change every file below; of /, /usr, /etc, a home directory and their kin that \
         would break the system",
        "leave the option out, or mount a directory of its own; --security-opt label=disable does without a label",
    ),
    trouble(
        NO_APPARMOR,
        "AppArmor is not enabled on this machine",
        "--security-opt apparmor=PROFILE needs a kernel that was started with AppArmor",
        "leave it out; cat /sys/kernel/security/lsm lists what is there",
    ),
    trouble(
        CATEGORIES_USED_UP,
        "every pair of SELinux categories belongs to a container",
        "each container has a pair of its own out of about half a million",
        "remove containers: podling rm",
    ),
];
