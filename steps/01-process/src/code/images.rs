//! Step 07: images, archives and the store.

use super::Trouble;

/// An image is not in the store.
pub const NO_IMAGE: u16 = 701;
/// An image is used by a container.
pub const IMAGE_IN_USE: u16 = 702;
/// An archive is no image.
pub const BAD_ARCHIVE: u16 = 703;
/// An image contradicts itself.
pub const BAD_MANIFEST: u16 = 704;
/// Content is not what its digest says.
pub const WRONG_DIGEST: u16 = 705;
/// A layer has what podling does not unpack.
pub const REFUSED_LAYER: u16 = 706;
/// Something is larger than its limit.
pub const TOO_LARGE: u16 = 707;
/// No image for this machine.
pub const NO_PLATFORM: u16 = 708;
/// A name of an image, or a digest, is not one.
pub const BAD_REFERENCE: u16 = 709;
/// There is no place for images.
pub const NO_HOME: u16 = 710;
/// The store lacks what it should have.
pub const DAMAGED_STORE: u16 = 711;
/// storage.conf is broken.
pub const STORAGE_CONF: u16 = 712;

const fn trouble(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble::new(code, what, cause, cure, "step-07")
}

pub(super) const TROUBLES: &[Trouble] = &[
    trouble(
        NO_IMAGE,
        "image not known",
        "no image of this name is in the store of this user; Podman's store, root's and another --root are other \
         stores. It may also have been removed since it was pulled, by rmi -a or a prune of another command",
        "podling images lists what is there; podling pull NAME brings it",
    ),
    trouble(
        IMAGE_IN_USE,
        "an image is used by a container",
        "a container, running or not, stands on the image's layers",
        "podling ps -a --filter ancestor=IMAGE finds it; podling rm removes it, podling rmi -f both",
    ),
    trouble(
        BAD_ARCHIVE,
        "the archive cannot be read",
        "it is cut off, is no tar (perhaps with gzip, xz or zstd), or is neither of podman save nor of docker save",
        "gzip -t or tar -tf tells whether it is whole; a tar of files alone comes by podling import",
    ),
    trouble(
        BAD_MANIFEST,
        "the image contradicts itself",
        "its manifest, its configuration and its layers do not fit together, or a document is of two kinds at once: \
         whoever reads it another way would see another image",
        "get it again; if it stays so, its maker is wrong",
    ),
    trouble(
        WRONG_DIGEST,
        "content does not have the digest that it should have",
        "it was damaged on its way or on the disk, or somebody exchanged it",
        "get it again; nothing of it was kept",
    ),
    trouble(
        REFUSED_LAYER,
        "a layer cannot be unpacked",
        "it has an entry whose name leads out of the root (.., an absolute name, a symbolic link on the way), an \
         owner without a number, or is damaged",
        "do not trust the image; where the words are of owners see P0205",
    ),
    trouble(
        TOO_LARGE,
        "something is larger than podling takes",
        "archives, layers and documents have limits, so that a small file (a bomb) cannot fill the disk or the \
         memory",
        "look at what is in it by hand; an image that is meant so has to be made smaller",
    ),
    trouble(
        NO_PLATFORM,
        "there is no image for this machine's kind of processor",
        "the list of images has none for this architecture, or for what --platform asks",
        "podling pull --platform OS/ARCH takes one of those that are there; programs of another architecture need \
         qemu-user",
    ),
    trouble(
        BAD_REFERENCE,
        "the name of an image, a volume or a registry is not well-formed",
        "an image is [REGISTRY/]NAME[:TAG|@sha256:DIGEST] in small letters, a volume letters, digits and _.-",
        "write it in that form",
    ),
    trouble(
        NO_HOME,
        "there is no place for images and containers",
        "neither --root nor XDG_DATA_HOME nor HOME names one",
        "export HOME, or name a directory: podling --root DIR",
    ),
    trouble(
        DAMAGED_STORE,
        "the store is damaged",
        "a file of it was changed or removed by another program, or by a disk that lost power",
        "remove the file that the message names, then pull or load the image again",
    ),
    trouble(
        STORAGE_CONF,
        "storage.conf cannot be obeyed",
        "it is no TOML, or names a program for mounts that is not there",
        "the message names the file; containers-storage.conf(5) has the form",
    )
    .told_in("step-03"),
];
