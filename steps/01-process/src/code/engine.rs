//! Steps 09 and 11 to 16: a container's life, volumes, systemd, the API. Some make no error of ours, but of the program inside.

use super::Trouble;

/// No such container.
pub const NO_CONTAINER: u16 = 1101;
/// A name is taken.
pub const NAME_IN_USE: u16 = 1102;
/// A container does not run.
pub const NOT_RUNNING: u16 = 1103;

pub(super) const TROUBLES: &[Trouble] = &[
    Trouble {
        code: 901,
        what: "lines end with a carriage return",
        cause: "with -t the container has a terminal, and a terminal writes \\r\\n for a new line",
        cure: "leave -t out where a program reads the output; -i alone passes the input",
        needs: None,
        chapter: "step-09",
    },
    Trouble {
        code: 902,
        what: "ctrl-p is not heard at once in a container's shell",
        cause: "ctrl-p ctrl-q leaves a container's terminal, so that a ctrl-p waits for what follows",
        cure: "--detach-keys=ctrl-q,ctrl-q",
        needs: None,
        chapter: "step-09",
    },
    Trouble {
        code: NO_CONTAINER,
        what: "no such container",
        cause: "no container of this user has this name or ID; root's, Podman's and another --root are elsewhere, and --rm removed \
                one at its end",
        cure: "podling ps -a lists them",
        needs: None,
        chapter: "step-11",
    },
    Trouble {
        code: NAME_IN_USE,
        what: "the name is already in use",
        cause: "another container has it, running or not",
        cure: "podling rm NAME, another --name, or --replace",
        needs: None,
        chapter: "step-11",
    },
    Trouble {
        code: NOT_RUNNING,
        what: "the container does not run",
        cause: "it was not started, or its program has ended",
        cure: "podling ps -a shows its exit status, podling logs its last words, podling start begins it again",
        needs: None,
        chapter: "step-11",
    },
    Trouble {
        code: 1104,
        what: "XDG_RUNTIME_DIR is not the caller's own, or cannot be written",
        cause: "su and sudo keep the variable of another user, and make no directory for this one",
        cure: "log in by ssh or `machinectl shell USER@`, or: sudo loginctl enable-linger USER, then export \
               XDG_RUNTIME_DIR=/run/user/$(id -u)",
        needs: Some("runtime-directory"),
        chapter: "step-11",
    },
    Trouble {
        code: 1110,
        what: "Permission denied in a volume",
        cause: "the volume's files belong to the caller, who is root inside; the image's user is another id, which outside is one \
                of the subordinate ids. With SELinux the files also need a label that containers may touch",
        cure: "`podling explain PATH` tells which it is. --userns keep-id for an image with a user of its own, :U to give the \
               files away, :z or :Z for the label, --security-opt label=disable for a home directory",
        needs: None,
        chapter: "step-11-volumes",
    },
    Trouble {
        code: 1111,
        what: "files in a volume belong to a number of six digits",
        cause: "a user of the container other than root made them; outside it is the subordinate id that the map says",
        cure: "podling unshare reads, removes or gives them back: podling unshare chown -R 0:0 PATH; --userns \
               keep-id:uid=N,gid=N makes that user the caller from the beginning",
        needs: None,
        chapter: "step-11-volumes",
    },
    Trouble {
        code: 1112,
        what: "a device or file that a group may use is refused in the container",
        cause: "a container's process has left the caller's groups, as it got groups of its own",
        cure: "--group-add keep-groups",
        needs: None,
        chapter: "step-05",
    },
    Trouble {
        code: 1113,
        what: "sshd in a container says: Error writing /proc/self/loginuid",
        cause: "the login id is set once, at the login of who started the container, and changing it takes CAP_AUDIT_CONTROL \
                on the host",
        cure: "start it by a service of systemd, or take pam_loginuid out of the image's /etc/pam.d/sshd",
        needs: None,
        chapter: "step-14",
    },
    Trouble {
        code: 1401,
        what: "containers end with the login",
        cause: "systemd ends all processes of a user whose last session ended, unless the user lingers",
        cure: "let the user linger",
        needs: Some("linger"),
        chapter: "step-14",
    },
    Trouble {
        code: 1402,
        what: "systemd cannot be reached",
        cause: "there is no systemd of this user: no log-in, or a container, or another init",
        cure: "systemctl --user status shows the same; log in by ssh, or let the user linger",
        needs: Some("systemd-user"),
        chapter: "step-14",
    },
];
