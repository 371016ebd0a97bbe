//! Answers of the kernel that say little by themselves; the codes are the numbers of errno(3) on Linux.

use super::Trouble;

const fn answer(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble { code, what, cause, cure, needs: None, chapter: "concepts" }
}

pub(super) const TROUBLES: &[Trouble] = &[
    answer(
        1,
        "Operation not permitted (EPERM)",
        "the kernel wants a capability for this that the caller does not have, not even as root of its user namespace; or a \
         mount, a seccomp filter, SELinux, AppArmor or a kernel that is locked down (Secure Boot) forbids it",
        "`podling doctor` shows which of the walls around podling itself is in the way; `podling explain CONTAINER` shows those \
         around a container, and --cap-add or --security-opt open some of them",
    ),
    answer(
        11,
        "Resource temporarily unavailable (EAGAIN)",
        "there are as many processes as the user may have, or as the cgroup's pids.max lets in",
        "end some processes; `ulimit -u` shows the user's limit, --pids-limit sets a container's",
    ),
    answer(
        12,
        "Cannot allocate memory (ENOMEM)",
        "the machine or the cgroup has no memory left for the kernel's own needs, or there are too many mounts \
         (fs.mount-max)",
        "stop containers, or give them a higher --memory",
    ),
    answer(
        13,
        "Permission denied (EACCES)",
        "the file's mode, its directories' modes or a security label do not let this user in; for a program also a file system \
         that is mounted noexec. Inside a container `root` is the caller outside, and user 1000 is nobody that the files know",
        "`podling explain PATH` tells who may do what with a file on both sides of the id map, and which flag would change it; \
         --userns keep-id, -v ...:U, -v ...:z and --group-add keep-groups are the usual ones",
    ),
    answer(
        19,
        "No such device (ENODEV)",
        "the kernel has no file system or device of this kind: its module is not loaded, or was not built",
        "sudo modprobe NAME; for containers overlay, tun and fuse",
    ),
    answer(
        24,
        "Too many open files (EMFILE)",
        "the process has as many open files as its limit (RLIMIT_NOFILE) allows",
        "ulimit -n shows the shell's limit; --ulimit nofile=SOFT:HARD sets a container's",
    ),
    answer(
        28,
        "No space left on device (ENOSPC)",
        "the disk is full, or has no inodes left; or a limit of the kernel's is reached: namespaces (user.max_*_namespaces), \
         watches (fs.inotify.max_user_watches), mounts",
        "`df` and `df -i` on the store's place (`podling info --format '{{.Store.GraphRoot}}'`); `podling image prune` and \
         `podling rm` make room; sysctl user shows the limits of namespaces",
    ),
    answer(
        30,
        "Read-only file system (EROFS)",
        "it is mounted read-only: a container's root with --read-only, a volume with :ro, or /sys and parts of /proc, which are \
         read-only in every container",
        "--tmpfs PLACE or -v NAME:PLACE gives a place to write",
    ),
    answer(
        38,
        "Function not implemented (ENOSYS)",
        "this kernel does not have the system call, or a filter around podling hides it, as one around another container does",
        "podling needs Linux 5.12 or newer; in a container it needs a seccomp profile that lets namespaces and mounts through",
    ),
    answer(
        87,
        "Too many users (EUSERS)",
        "user namespaces are nested too deep, 32 are allowed",
        "run podling closer to the machine, not in a container in a container",
    ),
    answer(
        107,
        "Transport endpoint is not connected (ENOTCONN)",
        "a file system whose answers a program gives (FUSE) has lost that program: it was killed, or it crashed. A container whose \
         layers fuse-overlayfs shows has no files then, though its processes are still there",
        "podling stop it, then podling start it: what was written is not lost, and a new fuse-overlayfs shows it; of a volume, mount \
         its file system again",
    ),
    answer(
        122,
        "Disk quota exceeded (EDQUOT)",
        "the user has used up a share: of the disk, of keys (kernel.keys.maxkeys), or of memory for them",
        "`quota` shows the disk's; cat /proc/key-users shows the keys'",
    ),
];
