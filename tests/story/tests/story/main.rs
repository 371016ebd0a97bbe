//! The story: an ordinary user, no daemon, a web server in a container, kept up by systemd, looked at over HTTP.

mod host;
mod lab;

use support::World;

/// One test, because it is one story: what one act makes, the next one finds. Its transcript is in the log.
#[test]
fn the_story() {
    let world = World::new();
    host::tell(&world);
    lab::tell(&world);
}
