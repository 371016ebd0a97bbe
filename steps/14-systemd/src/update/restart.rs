//! Restarts a service over D-Bus, and waits until systemd knows how it went.

use std::time::Duration;

use cgroups::bus::{Bus, Call};
use process::Result;
use zvariant::OwnedObjectPath;

/// systemd itself ends a start after 90 seconds, unless the unit says otherwise.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// systemd's object, org.freedesktop.systemd1(5).
const RESTART: Call<'static> = Call {
    destination: "org.freedesktop.systemd1",
    path: "/org/freedesktop/systemd1",
    interface: "org.freedesktop.systemd1.Manager",
    member: "RestartUnit",
};

/// A connection to the user's systemd, or to the system's for root.
///
/// # Errors
/// When there is none.
pub fn connect() -> Result<Bus> {
    let mut bus = Bus::ours()?;
    bus.set_patience(PATIENCE)?;
    Ok(bus)
}

/// Restarts a unit; one that is not running is started.
///
/// # Errors
/// When there is no such unit, or it does not start.
// ANCHOR: restart
pub fn restart(bus: &mut Bus, unit: &str) -> Result<()> {
    let job: OwnedObjectPath = bus.call(&RESTART, &(unit, "replace"))?;
    bus.wait_for_job(&RESTART, &job)
}
// ANCHOR_END: restart
