//! Step 14: units and updates.

use super::Trouble;

/// The user's systemd does not answer.
pub const NO_SYSTEMD: u16 = 1402;
/// A Quadlet file cannot be translated.
pub const BAD_UNIT: u16 = 1403;
/// A Quadlet file refers to one that is not there.
pub const NO_UNIT: u16 = 1404;
/// No unit can be made of the container.
pub const NOT_GENERATED: u16 = 1405;
/// systemd could not restart a unit.
pub const UNIT_FAILED: u16 = 1406;
/// A container cannot be updated.
pub const NOT_UPDATED: u16 = 1407;
/// Podman makes the services here.
pub const OTHER_GENERATOR: u16 = 1408;
/// A unit would have no program to call.
pub const NO_PODLING: u16 = 1409;

const fn trouble(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble::new(code, what, cause, cure, "step-14")
}

pub(super) const TROUBLES: &[Trouble] = &[
    trouble(
        1401,
        "containers end with the login",
        "systemd ends all processes of a user whose last session ended, unless the user lingers",
        "let the user linger",
    )
    .needs("linger"),
    trouble(
        NO_SYSTEMD,
        "systemd cannot be reached",
        "there is no systemd of this user: no log-in, or a container, or another init",
        "systemctl --user status shows the same; log in by ssh, or let the user linger",
    )
    .needs("systemd-user"),
    trouble(
        BAD_UNIT,
        "a unit cannot be translated",
        "a key of it is unknown, missing, contradicts another, or its value cannot be understood",
        "the message names file and key; the generator's --dryrun shows what becomes of the others",
    ),
    trouble(
        NO_UNIT,
        "a unit refers to another one that is not there",
        "NAME.volume, NAME.network, NAME.image and NAME.build have to be files beside it, or in another directory \
         of Quadlet",
        "make the file, or name the volume, network or image itself, without an ending",
    ),
    trouble(
        NOT_GENERATED,
        "no unit that makes the container anew can be written",
        "--new repeats the command that made the container, and none was kept: it came by the API, or was not \
         complete",
        "without --new the unit starts the container that is there",
    ),
    trouble(
        UNIT_FAILED,
        "systemd could not restart the unit",
        "the new container does not start, or systemd does not know the unit any more",
        "systemctl --user status UNIT and journalctl --user -u UNIT tell why",
    ),
    trouble(
        NOT_UPDATED,
        "the container cannot be updated by itself",
        "auto-update replaces containers that run in a unit of systemd and whose image has a whole name that a \
         registry knows",
        "start it by Quadlet or by a unit of podling generate systemd, with the label \
         io.containers.autoupdate=registry",
    ),
    trouble(
        OTHER_GENERATOR,
        "another generator makes the services of these files",
        "Podman's generator is installed too, and two would make each service twice",
        "the hint has the command that lets podling do it",
    ),
    trouble(
        NO_PODLING,
        "there is no podling where a unit could call it",
        "a unit calls podling by a whole path, which is the same after an update",
        "sudo scripts/install puts it into /usr/local/bin",
    ),
];
