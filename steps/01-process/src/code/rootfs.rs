//! Step 03: roots, mounts and devices.

use super::Trouble;

/// Overlay cannot be mounted.
pub const NO_OVERLAY: u16 = 301;
/// A volume's source is not there.
pub const NO_SOURCE: u16 = 302;
/// A volume or mount is not written as one.
pub const BAD_VOLUME: u16 = 303;
/// Two mounts want one place.
pub const DUPLICATE_MOUNT: u16 = 304;
/// A place where nothing may be mounted.
pub const REFUSED_PLACE: u16 = 305;
/// A file system refused its options.
pub const MOUNT_FAILED: u16 = 306;
/// The image put something in place of a file of the kernel.
pub const FORGED: u16 = 307;
/// More layers than one overlay takes.
pub const TOO_MANY_LAYERS: u16 = 308;
/// The root directory is not there.
pub const NO_ROOT: u16 = 309;
/// A device is not there, or is none.
pub const NO_DEVICE: u16 = 310;
/// A device or a rule about one is not written as one.
pub const BAD_DEVICE: u16 = 311;

const fn trouble(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble::new(code, what, cause, cure, "step-03")
}

pub(super) const TROUBLES: &[Trouble] = &[
    trouble(
        NO_OVERLAY,
        "an overlay cannot be mounted",
        "the kernel is older than 5.11, has no overlay module, or the store is on a file system that cannot carry \
         one: NFS, another overlay, eCryptfs. Then fuse-overlayfs does it, which is not there, or cannot. Network \
         file systems do not know user namespaces either, so that unpacking fails there",
        "keep the store on a local disk (podling --root PLACE, or XDG_DATA_HOME=PLACE), or install fuse-overlayfs",
    )
    .needs("overlay"),
    trouble(
        NO_SOURCE,
        "the source of a volume is not there",
        "-v HOST:PLACE mounts what is there already; Docker would make a directory, podling and Podman do not",
        "mkdir it first, or give a name without a slash for a volume that is made",
    )
    .told_in("step-11-volumes"),
    trouble(
        BAD_VOLUME,
        "a volume or mount cannot be understood",
        "-v is [HOST-DIR|NAME:]PLACE[:OPTIONS], --mount is type=KIND,src=FROM,target=PLACE[,OPTIONS], --tmpfs is \
         PLACE[:OPTIONS]; each knows its own options",
        "podling run --help shows the forms; a place in the container begins with /",
    )
    .told_in("step-11-volumes"),
    trouble(
        DUPLICATE_MOUNT,
        "two mounts are to be at the same place",
        "of two mounts the upper one would hide the lower; of -v, --mount and --tmpfs one alone may have a place",
        "leave one of them out, or give it another place",
    ),
    trouble(
        REFUSED_PLACE,
        "nothing may be mounted or made there",
        "what stands on /, inside of /proc, or behind a symbolic link of the image could fool the container or lead \
         out of its root",
        "choose a place that is an ordinary directory of the image, or not there yet",
    ),
    trouble(
        MOUNT_FAILED,
        "the file system does not take its options",
        "the kernel's words in the message are about an option of -v, --mount or --tmpfs that this file system does \
         not know, or about its value",
        "leave the option out; mount(8) and the file system's page list what it knows",
    ),
    trouble(
        FORGED,
        "a file of the kernel is not what its name says",
        "the image, or another process that shares its mounts, has put something else in place of /proc, /dev/null \
         or a device, as the attacks on runc in 2025 did",
        "do not trust the image",
    )
    .told_in("step-05"),
    trouble(
        TOO_MANY_LAYERS,
        "the image has more layers than the kernel mounts at once",
        "before Linux 6.8 the names of all layers have to fit in one page of memory",
        "a newer kernel; or an image with fewer layers: podling create, then export and import",
    ),
    trouble(
        NO_ROOT,
        "the root directory of the container is not there, or is no directory",
        "--rootfs or the configuration names a place that cannot be entered",
        "ls -ld PLACE shows what is there",
    ),
    trouble(
        NO_DEVICE,
        "a device is not there, or is not one",
        "--device and the limits of devices take device files of the host; this one is missing (its module is not \
         loaded) or is an ordinary file",
        "ls -l shows a device by b or c before its mode; sudo modprobe MODULE makes those of a module",
    ),
    trouble(
        BAD_DEVICE,
        "a device, or a rule for devices, cannot be understood",
        "--device is HOST[:CONTAINER][:rwm], --device-cgroup-rule is TYPE MAJOR:MINOR ACCESS",
        "podling run --help shows the forms",
    ),
];
