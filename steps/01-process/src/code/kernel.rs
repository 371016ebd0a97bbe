//! Answers of the kernel that say little by themselves; the codes are the numbers of errno(3) on Linux.
//! Here the first 34, which every Unix has (asm-generic/errno-base.h).

use super::Trouble;

pub(super) const fn answer(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble::new(code, what, cause, cure, "concepts")
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
        2,
        "No such file or directory (ENOENT)",
        "the file is not there, a directory on the way to it is not, or a symbolic link on the way leads to nothing",
        "`namei -l PATH` shows each part of the way",
    ),
    answer(3, "No such process (ESRCH)", "it has ended in the meantime", "try again; `podling ps -a` shows what runs"),
    answer(4, "Interrupted system call (EINTR)", "a signal came while podling waited", "try again"),
    answer(
        5,
        "Input/output error (EIO)",
        "the disk, or what lies under the file system, does not read or write; a terminal may also be gone",
        "dmesg tells of disks",
    ),
    answer(
        7,
        "Argument list too long (E2BIG)",
        "arguments and environment of a program have to fit into a quarter of its stack, and each word into 128 KiB",
        "fewer variables (--env-host takes all of the caller's), or a file in a volume",
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
        16,
        "Device or resource busy (EBUSY)",
        "something is mounted there, or a process still uses it",
        "`findmnt PLACE` and `fuser -vm PLACE` show what and who",
    ),
    answer(17, "File exists (EEXIST)", "something of this name is there already", "remove it, or choose another name"),
    answer(
        18,
        "Invalid cross-device link (EXDEV)",
        "a file cannot be moved or linked from one file system to another, nor a path be followed out of its root",
        "keep the store on one file system; an image whose links lead out is refused",
    ),
    answer(
        19,
        "No such device (ENODEV)",
        "the kernel has no file system or device of this kind: its module is not loaded, or was not built",
        "sudo modprobe NAME; for containers overlay, tun and fuse",
    ),
    answer(20, "Not a directory (ENOTDIR)", "a part of the path is a file", "`namei -l PATH` shows which"),
    answer(21, "Is a directory (EISDIR)", "a file is wanted, and a directory is there", "name the file"),
    answer(
        22,
        "Invalid argument (EINVAL)",
        "the kernel does not take a value: a limit out of range, an option that a file system does not know, a map \
         of ids that is not allowed",
        "look at the value in the message; an older kernel may not know it yet (podling needs Linux 5.12)",
    ),
    answer(
        23,
        "Too many open files in system (ENFILE)",
        "all processes together have as many as the kernel lets them (fs.file-max)",
        "end some processes; sysctl fs.file-max shows the limit",
    ),
    answer(
        24,
        "Too many open files (EMFILE)",
        "the process has as many open files as its limit (RLIMIT_NOFILE) allows",
        "ulimit -n shows the shell's limit; --ulimit nofile=SOFT:HARD sets a container's",
    ),
    answer(
        26,
        "Text file busy (ETXTBSY)",
        "a program that runs cannot be written, and one that is open for writing not be run",
        "end it first, or copy and rename",
    ),
    answer(
        27,
        "File too large (EFBIG)",
        "the file system, or `ulimit -f`, does not allow a file of this size",
        "ulimit -f unlimited",
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
        31,
        "Too many links (EMLINK)",
        "a directory has as many subdirectories, or a file as many names, as the file system takes",
        "keep the store on another file system",
    ),
    answer(32, "Broken pipe (EPIPE)", "who was to read has ended", "look why the other program ended"),
];
