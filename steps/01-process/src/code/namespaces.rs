//! Step 02: user namespaces and the others.

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
/// A map of ids is not one.
pub const BAD_MAP: u16 = 206;
/// The subordinate ids do not suffice.
pub const IDS_USED_UP: u16 = 207;
/// The kernel does it for root only, or it makes sense for ordinary users only.
pub const OTHER_CALLER: u16 = 208;
/// A way to have a namespace is not one.
pub const BAD_NAMESPACE: u16 = 209;
/// A namespace to join is not there or not to be shared.
pub const NO_NAMESPACE: u16 = 210;
/// A setting of a namespace that is somebody else's.
pub const NOT_ITS_OWN: u16 = 211;

const fn trouble(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble::new(code, what, cause, cure, "step-02")
}

pub(super) const TROUBLES: &[Trouble] = &[
    trouble(
        NO_USER_NAMESPACES,
        "this system does not let ordinary users make user namespaces",
        "a sysctl (user.max_user_namespaces, kernel.unprivileged_userns_clone), AppArmor's restriction on Ubuntu, \
         or a filter around podling forbids what everything else stands on",
        "`podling doctor` says which of them it is",
    )
    .needs("user-namespaces"),
    trouble(
        NO_SUBORDINATE_IDS,
        "the user has no subordinate ids, or too few",
        "a container's users are ids of the user's own in /etc/subuid and /etc/subgid; without them there is one \
         user, and files of others cannot be unpacked",
        "give the user a range that nobody else has; `podling system migrate` lets it count at once",
    )
    .needs("subids"),
    trouble(
        NO_NEWUIDMAP,
        "newuidmap or newgidmap is not installed, or not in PATH",
        "an ordinary user may map itself alone; these two programs map the user's subordinate ids",
        "install them",
    )
    .needs("newuidmap"),
    trouble(
        NEWUIDMAP_REFUSED,
        "newuidmap or newgidmap refused the map",
        "it has lost its setuid bit or its file capability (a copied disk, a container's image, a mount with \
         nosuid), or the range is not the user's in /etc/subuid and /etc/subgid",
        "`podling doctor` looks at both; then give the right back",
    )
    .needs("newuidmap-rights"),
    trouble(
        UNMAPPED_ID,
        "a user or group has no number in the user namespace",
        "the image, --user or a file asks for an id that the map does not have: above the 65536 of a usual range, \
         or outside of what --uidmap, --gidmap or --userns say",
        "ask for more (--uidmap, --userns auto:size=N), or use another image or another --user; where the user has \
         too few ids, give it more, then `podling system migrate`",
    )
    .needs("subids"),
    trouble(
        BAD_MAP,
        "a map of ids cannot be understood, or cannot be had",
        "--userns, --uidmap and --gidmap have a form of their own: keep-id:uid=N,gid=N, auto:size=N, \
         CONTAINER-ID:FROM-ID:AMOUNT",
        "podling run --help shows the forms; podling unshare cat /proc/self/uid_map shows the ids that can be \
         mapped",
    ),
    trouble(
        IDS_USED_UP,
        "not enough subordinate ids are left for --userns auto",
        "each container with --userns auto has ids of its own, and those of the user are given away",
        "ask for less (--userns auto:size=N), remove containers, or give the user a larger range",
    )
    .needs("subids"),
    trouble(
        OTHER_CALLER,
        "this is for root only, or for ordinary users only",
        "the kernel lets only root of the whole machine do some things (device rules, idmapped mounts), and others \
         (keep-id, unshare) make sense only without root",
        "the message says which; do it as the other one, or leave the flag out",
    ),
    trouble(
        BAD_NAMESPACE,
        "no such kind of namespace",
        "--pid, --ipc, --uts, --userns, --network and --cgroupns know private, host, container:NAME and ns:PATH, \
         and a few know more",
        "podling run --help lists them",
    ),
    trouble(
        NO_NAMESPACE,
        "the namespace to join is not there, or is not shared",
        "the file after ns: is no namespace, its process has ended, or the other container keeps it to itself \
         (--ipc private)",
        "lsns lists namespaces; make the other container with --ipc shareable, and start it first",
    ),
    trouble(
        NOT_ITS_OWN,
        "a setting belongs to a namespace that the container does not have for itself",
        "a host name, the size of /dev/shm, a sysctl or an init is of a namespace; with the host's or another \
         container's it would change theirs",
        "leave the setting out, or let the container have its own: --uts, --ipc, --network or --pid private",
    ),
];
