//! Step 06: an OCI runtime. What the lower steps can do, asked for by the document that all engines write.

mod affinity;
mod asked;
mod bundle;
mod checkpoint;
mod clock;
mod container;
mod create;
mod criu;
mod delete;
mod describe;
mod events;
mod exec;
mod features;
mod globals;
mod hooks;
mod inside;
mod join;
mod kill;
mod launch;
mod list;
mod netdevice;
mod netlink;
mod node;
mod options;
mod pause;
mod plan;
mod processes;
mod propagation;
mod ps;
mod ranges;
mod record;
mod resctrl;
mod resources;
mod restore;
mod run;
mod show;
mod signal;
mod spec;
mod standing;
mod start;
mod store;
mod translate;
mod unsupported;
mod update;
mod who;

pub use bundle::{check_id, load};
pub use container::{Container, Making};
pub use describe::{Around, describe_process};
pub use globals::Flags;
pub use record::VERSION;
pub use translate::id_map;

use process::Command;

/// The verbs of this step.
#[must_use]
pub fn commands() -> &'static [Command] {
    &[
        run::RUN,
        inside::CONTAINER,
        spec::SPEC,
        create::CREATE,
        start::START,
        show::STATE,
        kill::KILL,
        delete::DELETE,
        list::LIST,
        exec::EXEC,
        exec::INSIDE,
        ps::PS,
        pause::PAUSE,
        pause::RESUME,
        update::UPDATE,
        events::EVENTS,
        checkpoint::CHECKPOINT,
        restore::RESTORE,
        features::FEATURES,
    ]
}
