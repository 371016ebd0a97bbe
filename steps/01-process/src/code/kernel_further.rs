//! The kernel's further answers, from 35 on (asm-generic/errno.h).

use super::Trouble;
use super::kernel::answer;

pub(super) const TROUBLES: &[Trouble] = &[
    answer(
        36,
        "File name too long (ENAMETOOLONG)",
        "a name has more than 255 bytes, a path more than 4095, or that of a socket more than 107",
        "choose a shorter one; XDG_RUNTIME_DIR counts",
    ),
    answer(
        38,
        "Function not implemented (ENOSYS)",
        "this kernel does not have the system call, or a filter around podling hides it, as one around another container does",
        "podling needs Linux 5.12 or newer; in a container it needs a seccomp profile that lets namespaces and mounts through",
    ),
    answer(
        39,
        "Directory not empty (ENOTEMPTY)",
        "something was put into a directory while it was being removed",
        "try again",
    ),
    answer(
        40,
        "Too many levels of symbolic links (ELOOP)",
        "symbolic links lead in a circle, or one is where none may be",
        "`namei -l PATH` shows the way",
    ),
    answer(
        75,
        "Value too large (EOVERFLOW)",
        "an owner has no number in the user namespace, or a value does not fit",
        "podling explain PATH tells whose the file is; see P0205",
    ),
    answer(
        87,
        "Too many users (EUSERS)",
        "user namespaces are nested too deep, 32 are allowed",
        "run podling closer to the machine, not in a container in a container",
    ),
    answer(
        95,
        "Operation not supported (EOPNOTSUPP)",
        "the file system or the kernel cannot do it: no extended attributes, no ACLs, no locks, as on NFS or FAT",
        "keep the store and volumes on a local disk with ext4, xfs or btrfs",
    ),
    answer(98, "Address already in use (EADDRINUSE)", "another process listens there", "ss -ltnup shows who"),
    answer(101, "Network is unreachable (ENETUNREACH)", "there is no route", "ip route shows them"),
    answer(104, "Connection reset by peer (ECONNRESET)", "the other side broke it off", "look why it ended; try again"),
    answer(
        107,
        "Transport endpoint is not connected (ENOTCONN)",
        "the other side has left. Of a directory: a file system whose answers a program gives (FUSE) has lost that \
         program. A container whose layers fuse-overlayfs shows has no files then, though its processes are still there",
        "podling stop it, then podling start it: what was written is not lost, and a new fuse-overlayfs shows it; of a \
         volume, mount its file system again",
    ),
    answer(
        110,
        "Connection timed out (ETIMEDOUT)",
        "nobody answered in time",
        "ping and traceroute show how far it comes",
    ),
    answer(
        111,
        "Connection refused (ECONNREFUSED)",
        "nobody listens there; of a socket in a directory: who made it has ended",
        "start what should listen; remove the socket that was left",
    ),
    answer(
        113,
        "No route to host (EHOSTUNREACH)",
        "the network does not lead there",
        "ip route get ADDRESS shows the way",
    ),
    answer(
        116,
        "Stale file handle (ESTALE)",
        "the file was removed on a network file system, or an overlay's layers were changed below it",
        "keep the store on a local disk",
    ),
    answer(
        122,
        "Disk quota exceeded (EDQUOT)",
        "the user has used up a share: of the disk, of keys (kernel.keys.maxkeys), or of memory for them",
        "`quota` shows the disk's; cat /proc/key-users shows the keys'",
    ),
];
