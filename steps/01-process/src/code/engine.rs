//! Steps 09 and 11: a container's life. Some make no error of ours, but of the program inside.

use super::Trouble;

/// A monitor is gone.
pub const MONITOR_ENDED: u16 = 903;
/// No such container.
pub const NO_CONTAINER: u16 = 1101;
/// A name is taken.
pub const NAME_IN_USE: u16 = 1102;
/// A container does not run.
pub const NOT_RUNNING: u16 = 1103;
/// There is no directory for what runs.
pub const NO_RUNTIME_DIRECTORY: u16 = 1104;
/// A container is in another state.
pub const WRONG_STATE: u16 = 1105;
/// A short ID fits several.
pub const AMBIGUOUS: u16 = 1106;
/// Others need it.
pub const HAS_DEPENDANTS: u16 = 1107;
/// A file that is to be made is there.
pub const FILE_EXISTS: u16 = 1108;
/// A container outlives its kill.
pub const DOES_NOT_END: u16 = 1109;
/// What the container wrote was not kept.
pub const NO_LOGS: u16 = 1119;
/// journalctl failed.
pub const NO_JOURNAL: u16 = 1120;
/// There is no such process.
pub const NO_PROCESS: u16 = 1121;
/// Neither container nor image nor volume has that name.
pub const NO_OBJECT: u16 = 1122;

const fn trouble(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble::new(code, what, cause, cure, "step-11")
}

pub(super) const TROUBLES: &[Trouble] = &[
    trouble(
        901,
        "lines end with a carriage return",
        "with -t the container has a terminal, and a terminal writes \\r\\n for a new line",
        "leave -t out where a program reads the output; -i alone passes the input",
    )
    .told_in("step-09"),
    trouble(
        902,
        "ctrl-p is not heard at once in a container's shell",
        "ctrl-p ctrl-q leaves a container's terminal, so that a ctrl-p waits for what follows",
        "--detach-keys=ctrl-q,ctrl-q",
    )
    .told_in("step-09"),
    trouble(
        MONITOR_ENDED,
        "the monitor of the container has ended",
        "somebody killed it, or the kernel did, for lack of memory; then the container cannot be told apart from \
         one that ended",
        "podling rm -f removes what is left; dmesg tells of the kernel",
    )
    .told_in("step-09"),
    trouble(
        NO_CONTAINER,
        "no such container",
        "no container of this user has this name or ID; root's, Podman's and another --root are elsewhere, and --rm \
         removed one at its end",
        "podling ps -a lists them",
    ),
    trouble(
        NAME_IN_USE,
        "the name is already in use",
        "another container has it, running or not",
        "podling rm NAME, another --name, or --replace",
    ),
    trouble(
        NOT_RUNNING,
        "the container does not run",
        "it was not started, or its program has ended",
        "podling ps -a shows its exit status, podling logs its last words, podling start begins it again",
    ),
    trouble(
        NO_RUNTIME_DIRECTORY,
        "XDG_RUNTIME_DIR is not the caller's own, or cannot be written",
        "su and sudo keep the variable of another user, and make no directory for this one",
        "log in by ssh or `machinectl shell USER@`, or: sudo loginctl enable-linger USER, then export \
         XDG_RUNTIME_DIR=/run/user/$(id -u)",
    )
    .needs("runtime-directory"),
    trouble(
        WRONG_STATE,
        "the container is in another state than this needs",
        "a running one cannot be removed or started again, a stopped one not paused, and so on",
        "podling ps -a shows the state; podling stop, start or unpause changes it, rm -f removes a running one",
    ),
    trouble(
        AMBIGUOUS,
        "more than one has an ID or name that begins so",
        "an ID may be shortened as long as one alone fits",
        "write more of it; podling ps -a --no-trunc and podling images --no-trunc show all",
    ),
    trouble(
        HAS_DEPENDANTS,
        "other containers need this one",
        "they share its namespaces (--network, --pid or --ipc container:NAME)",
        "podling rm --depend NAME removes them too",
    ),
    trouble(
        FILE_EXISTS,
        "the file for the ID is there already",
        "--cidfile makes a new file, so that no two containers share one",
        "rm FILE, when the container that it names is gone",
    ),
    trouble(
        DOES_NOT_END,
        "the container does not end, although it was killed",
        "a process in it waits in the kernel (state D), mostly for a disk or a network file system",
        "ps -eo pid,stat,wchan,args shows it; it ends when what it waits for comes",
    ),
    trouble(
        NO_LOGS,
        "the log driver keeps nothing that could be read",
        "--log-driver none keeps nothing",
        "start it with --log-driver k8s-file or journald",
    ),
    trouble(
        NO_JOURNAL,
        "the journal cannot be read",
        "journalctl is missing, or does not let this user see its journal",
        "journalctl --user shows the same by hand; --log-driver k8s-file does without",
    ),
    trouble(
        NO_PROCESS,
        "no such process",
        "no process has this number now, and no container this name",
        "ps -e lists processes, podling ps containers; a path needs a slash in it, ./NAME",
    ),
    trouble(
        NO_OBJECT,
        "nothing has this name",
        "neither a container nor an image, a volume or a network of this user has it",
        "podling ps -a, podling images and podling volume ls list them",
    ),
];
