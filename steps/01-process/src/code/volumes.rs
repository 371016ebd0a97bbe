//! Step 11 again: volumes, and whose their files are.

use super::Trouble;

/// What we know of a container cannot be read.
pub const DAMAGED_STATE: u16 = 1114;
/// There is no such volume.
pub const NO_VOLUME: u16 = 1115;
/// A volume has that name.
pub const VOLUME_EXISTS: u16 = 1116;
/// Containers use a volume.
pub const VOLUME_IN_USE: u16 = 1117;
/// A volume cannot be made so.
pub const VOLUME_OPTION: u16 = 1118;

const fn trouble(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble::new(code, what, cause, cure, "step-11-volumes")
}

pub(super) const TROUBLES: &[Trouble] = &[
    trouble(
        1110,
        "Permission denied in a volume",
        "the volume's files belong to the caller, who is root inside; the image's user is another id, which outside \
         is one of the subordinate ids. With SELinux the files also need a label that containers may touch",
        "`podling explain PATH` tells which it is. --userns keep-id for an image with a user of its own, :U to give \
         the files away, :z or :Z for the label, --security-opt label=disable for a home directory",
    ),
    trouble(
        1111,
        "files in a volume belong to a number of six digits",
        "a user of the container other than root made them; outside it is the subordinate id that the map says",
        "podling unshare reads, removes or gives them back: podling unshare chown -R 0:0 PATH; --userns \
         keep-id:uid=N,gid=N makes that user the caller from the beginning",
    ),
    trouble(
        1112,
        "a device or file that a group may use is refused in the container",
        "a container's process has left the caller's groups, as it got groups of its own",
        "--group-add keep-groups",
    )
    .told_in("step-05"),
    trouble(
        1113,
        "sshd in a container says: Error writing /proc/self/loginuid",
        "the login id is set once, at the login of who started the container, and changing it takes \
         CAP_AUDIT_CONTROL on the host",
        "start it by a service of systemd, or take pam_loginuid out of the image's /etc/pam.d/sshd",
    )
    .told_in("step-14"),
    trouble(
        DAMAGED_STATE,
        "the record of a container or a volume is damaged",
        "a file of podling was changed by another program, or by a disk that lost power",
        "podling rm -f NAME; where that does not help remove the file that the message names",
    )
    .told_in("step-11"),
    trouble(
        NO_VOLUME,
        "no such volume",
        "no volume of this user has this name; root's, Podman's and another --root are elsewhere",
        "podling volume ls lists them; podling volume create NAME makes it",
    ),
    trouble(
        VOLUME_EXISTS,
        "a volume has this name already",
        "names are of one volume each",
        "another name, or podling volume create --ignore NAME",
    ),
    trouble(
        VOLUME_IN_USE,
        "a volume is used by a container",
        "a container, running or not, has it mounted",
        "podling ps -a --filter volume=NAME finds it; podling volume rm -f NAME removes both",
    ),
    trouble(
        VOLUME_OPTION,
        "a volume cannot be made like this",
        "podling has the driver local, with the options type, device, o, uid and gid; what needs root or a plugin \
         is not there",
        "podling volume create --help lists them; -v DIR:PLACE mounts a directory of the host",
    ),
];
