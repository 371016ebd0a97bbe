//! What podling needs of a machine: one table, for `podling doctor`, for the hints under errors, for the tests, and for the
//! book.

use std::sync::OnceLock;

/// Something that a machine has or lacks.
#[derive(Debug)]
pub struct Prerequisite {
    /// Its name here.
    pub id: &'static str,
    /// What it is.
    pub what: &'static str,
    /// What does not work without it, and why.
    pub why: &'static str,
    /// The page of the book that explains it, without its ending.
    pub chapter: &'static str,
    /// What gives it to the machine.
    pub mend: Mend,
}

/// How something is mended.
#[derive(Debug)]
pub enum Mend {
    /// By a package, which the distributions call by different names.
    Package(Package),
    /// By a command that is the same everywhere; `USER` stands for the user's name, `RANGE` for subordinate ids that nobody
    /// has.
    Command(&'static str),
    /// By settings of sysctl(8), those that this kernel has; they outlast a reboot.
    Settings(&'static [&'static str]),
    /// Not by a command.
    Advice(&'static str),
    /// In one way where systemd has started the system, and in another one where it has not.
    Systemd(&'static Mend, &'static Mend),
}

/// A package's name, by the program that installs it.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Package {
    pub apt: &'static str,
    pub dnf: &'static str,
    pub pacman: &'static str,
    pub zypper: &'static str,
    pub apk: &'static str,
}

const fn package(names: [&'static str; 5]) -> Mend {
    let [apt, dnf, pacman, zypper, apk] = names;
    Mend::Package(Package { apt, dnf, pacman, zypper, apk })
}

/// All of them, in the order in which a person meets them.
// ANCHOR: table
pub static PREREQUISITES: [Prerequisite; 22] = [
    Prerequisite {
        id: "kernel",
        what: "Linux 5.12 or newer",
        why: "mounts get their attributes by mount_setattr(2), and overlay without root came with 5.11",
        chapter: "step-03",
        mend: Mend::Advice("update the distribution, or boot its newer kernel"),
    },
    Prerequisite {
        id: "user-namespaces",
        what: "user namespaces for ordinary users",
        why: "in one of its own an ordinary user is root; everything else stands on that",
        chapter: "step-02",
        mend: Mend::Settings(&["user.max_user_namespaces=15000", "kernel.unprivileged_userns_clone=1"]),
    },
    Prerequisite {
        id: "apparmor-userns",
        what: "AppArmor lets podling make user namespaces",
        why: "Ubuntu takes the rights in a new user namespace from programs without a profile",
        chapter: "step-02",
        mend: Mend::Settings(&["kernel.apparmor_restrict_unprivileged_userns=0"]),
    },
    Prerequisite {
        id: "subids",
        what: "65536 subordinate ids in /etc/subuid and /etc/subgid",
        why: "without them a container has one user, and most images have files of several",
        chapter: "step-02",
        mend: Mend::Command("sudo usermod --add-subuids RANGE --add-subgids RANGE USER"),
    },
    Prerequisite {
        id: "newuidmap",
        what: "newuidmap and newgidmap",
        why: "the kernel lets an ordinary user map itself only; these two look the rest up and map it",
        chapter: "step-02",
        mend: package(["uidmap", "shadow-utils", "shadow", "shadow", "shadow-subids"]),
    },
    Prerequisite {
        id: "newuidmap-rights",
        what: "newuidmap's and newgidmap's setuid bit or file capability",
        why: "without one they have no more rights than their caller",
        chapter: "step-02",
        mend: Mend::Command("sudo chmod u+s \"$(command -v newuidmap)\" \"$(command -v newgidmap)\""),
    },
    Prerequisite {
        id: "overlay",
        what: "overlay mounts on the file system of the store",
        why: "a container's root is its image's layers with a directory of its own on top; NFS and a few others cannot carry it",
        chapter: "step-03",
        mend: Mend::Command("sudo modprobe overlay"),
    },
    Prerequisite {
        id: "fuse-overlayfs",
        what: "fuse-overlayfs",
        why: "it shows layers as one file system where the kernel's overlay does not",
        chapter: "step-03",
        mend: package(["fuse-overlayfs", "fuse-overlayfs", "fuse-overlayfs", "fuse-overlayfs", "fuse-overlayfs"]),
    },
    Prerequisite {
        id: "fuse",
        what: "/dev/fuse, open for every user",
        why: "fuse-overlayfs answers for a file system through it",
        chapter: "step-03",
        mend: Mend::Command("sudo modprobe fuse && sudo chmod 0666 /dev/fuse"),
    },
    Prerequisite {
        id: "cgroup-v2",
        what: "cgroup v2 at /sys/fs/cgroup",
        why: "limits and statistics need it; with version 1, or both, containers run without limits",
        chapter: "step-04",
        mend: Mend::Systemd(
            &Mend::Advice("boot with systemd.unified_cgroup_hierarchy=1 on the kernel's command line"),
            &Mend::Advice(
                "let the init mount version 2 alone at /sys/fs/cgroup (OpenRC: rc_cgroup_mode=unified in /etc/rc.conf), then boot",
            ),
        ),
    },
    Prerequisite {
        id: "delegation",
        what: "the controllers cpu, cpuset, io, memory and pids, delegated to the user",
        why: "--memory, --cpus, --pids-limit and their kin are limits of controllers, and one cannot limit with another's",
        chapter: "step-04",
        mend: Mend::Systemd(
            &Mend::Command(
                "sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload",
            ),
            // By files: a cgroup that is the user's, marked as systemd marks one (setfattr is in the package attr), with the
            // user's shell in it.
            &Mend::Command(
                "cd /sys/fs/cgroup && echo +cpu +cpuset +io +memory +pids | sudo tee cgroup.subtree_control && sudo mkdir -p USER && sudo chown USER USER USER/cgroup.procs USER/cgroup.subtree_control && sudo setfattr -n user.delegate -v 1 USER && echo $$ | sudo tee USER/cgroup.procs",
            ),
        ),
    },
    Prerequisite {
        id: "seccomp",
        what: "seccomp filters",
        why: "a container may not ask the kernel for everything; without filters it may",
        chapter: "step-05",
        mend: Mend::Advice("use a kernel with CONFIG_SECCOMP_FILTER, as all distributions have"),
    },
    Prerequisite {
        id: "selinux",
        what: "SELinux's policy for containers",
        why: "where SELinux is on, each container gets a label, and the policy has to know it",
        chapter: "step-05",
        mend: package([
            "selinux-policy-default",
            "container-selinux",
            "container-selinux",
            "container-selinux",
            "container-selinux",
        ]),
    },
    Prerequisite {
        id: "runtime-directory",
        what: "a runtime directory of the user's own, $XDG_RUNTIME_DIR",
        why: "what ends with the login is there: events, the API's socket, who keeps the user's namespace",
        chapter: "step-11",
        mend: Mend::Systemd(
            &Mend::Advice("log in by ssh, a console or machinectl shell; su and sudo make no session"),
            &Mend::Command(
                "sudo install -d -m 700 -o USER /run/user/$(id -u USER) && export XDG_RUNTIME_DIR=/run/user/$(id -u USER)",
            ),
        ),
    },
    Prerequisite {
        id: "pasta",
        what: "pasta",
        why: "it is the network of containers; --network none and host work without",
        chapter: "step-10",
        mend: package(["passt", "passt", "passt", "passt", "passt"]),
    },
    Prerequisite {
        id: "tun",
        what: "/dev/net/tun",
        why: "pasta gives a container its interface through it",
        chapter: "step-10",
        mend: Mend::Command("sudo modprobe tun"),
    },
    Prerequisite {
        id: "unprivileged-ports",
        what: "ports below 1024 for ordinary users",
        why: "-p 80:80 needs one; -p 8080:80 does not",
        chapter: "step-10",
        mend: Mend::Settings(&["net.ipv4.ip_unprivileged_port_start=80"]),
    },
    Prerequisite {
        id: "ping",
        what: "ping for ordinary users",
        why: "with --network host a container's ping is the user's",
        chapter: "step-10",
        mend: Mend::Settings(&["net.ipv4.ping_group_range=0 2147483647"]),
    },
    Prerequisite {
        id: "netavark",
        what: "netavark",
        why: "it makes networks that containers share; podling has none of these yet",
        chapter: "step-10",
        mend: package(["netavark", "netavark", "netavark", "netavark", "netavark"]),
    },
    Prerequisite {
        id: "systemd-user",
        what: "a systemd of the user's own",
        why: "it starts containers as services, restarts and updates them, and makes the cgroups of limited ones",
        chapter: "step-14",
        mend: Mend::Systemd(
            &Mend::Advice("log in by ssh, a console or machinectl shell; su and sudo start none"),
            &Mend::Advice(
                "systemd has not started this system: let its own init or cron's @reboot call `podling start NAME`; a container \
                 restarts by --restart",
            ),
        ),
    },
    Prerequisite {
        id: "linger",
        what: "lingering",
        why: "without it the user's services begin at the login and end with it",
        chapter: "step-14",
        mend: Mend::Systemd(
            &Mend::Command("loginctl enable-linger USER"),
            &Mend::Advice(
                "systemd has not started this system, so nothing ends what runs at a logout: there is nothing to mend",
            ),
        ),
    },
    Prerequisite {
        id: "catatonit",
        what: "an init for --init that needs no libraries",
        why: "podling's own is one where podling is linked statically, which scripts/build does where it can",
        chapter: "step-01",
        mend: package(["catatonit", "catatonit", "catatonit", "catatonit", "catatonit"]),
    },
];
// ANCHOR_END: table

/// The one with this name.
#[must_use]
pub fn prerequisite(id: &str) -> Option<&'static Prerequisite> {
    PREREQUISITES.iter().find(|prerequisite| prerequisite.id == id)
}

/// The command that mends the one with this name on this machine, for the user of that name; or what else there is to do.
#[must_use]
pub fn mending(id: &str, user: &str) -> String {
    prerequisite(id).map_or_else(String::new, |found| found.mending(user))
}

/// What to do about the one with this name, for a hint under an error.
#[must_use]
pub fn hint(id: &str) -> String {
    prerequisite(id).map_or_else(String::new, |found| match found.mend.here() {
        Mend::Advice(advice) => (*advice).to_string(),
        _ => format!("{} ({})", found.mending(&user()), "podling doctor tells more"),
    })
}

impl Prerequisite {
    /// The command that mends it on this distribution, or what else there is to do, for the user of that name.
    #[must_use]
    pub fn mending(&self, user: &str) -> String {
        match self.mend.here() {
            Mend::Package(package) => package.install(installer()),
            Mend::Command(command) => command.replace("USER", user).replace("RANGE", &free_range()),
            Mend::Settings(settings) => set(settings),
            Mend::Advice(advice) => (*advice).to_string(),
            Mend::Systemd(..) => String::new(),
        }
    }
}

impl Mend {
    /// The way for this machine.
    #[must_use]
    pub fn here(&self) -> &Mend {
        // As sd_booted(3) asks it.
        self.on(std::path::Path::new("/run/systemd/system").exists())
    }

    /// The way for a system that systemd has started, or has not.
    #[must_use]
    pub fn on(&self, systemd: bool) -> &Mend {
        match self {
            Mend::Systemd(with, without) => if systemd { with } else { without }.on(systemd),
            other => other,
        }
    }
}

/// Where settings of sysctl(8) are kept.
const SETTINGS: &str = "/etc/sysctl.d/90-podling.conf";

/// The command that keeps those settings that this kernel has, or all when it has none of them, and lets them hold now.
fn set(settings: &[&str]) -> String {
    let has = |setting: &&&str| {
        let name = setting.split('=').next().unwrap_or_default();
        std::path::Path::new("/proc/sys").join(name.replace('.', "/")).exists()
    };
    let there: Vec<&&str> = settings.iter().filter(has).collect();
    let all = if there.is_empty() { settings.iter().collect() } else { there };
    let words: Vec<String> = all.iter().map(|setting| format!("'{setting}'")).collect();
    format!("printf '%s\\n' {} | sudo tee -a {SETTINGS} && sudo sysctl -p {SETTINGS}", words.join(" "))
}

/// 65536 ids that nobody has: two users who share some could touch the files of each other's containers.
#[must_use]
pub fn free_range() -> String {
    let read = |files: [&str; 2]| files.map(|file| std::fs::read_to_string(file).unwrap_or_default()).concat();
    let first = free(&read(["/etc/subuid", "/etc/subgid"]), &read(["/etc/passwd", "/etc/group"]));
    format!("{first}-{}", first + RANGE - 1)
}

/// How many ids a user should have.
const RANGE: u64 = 65536;

/// The first of so many that are neither in the lines of subuid(5) nor those of a user or group in passwd(5) or group(5).
fn free(subordinate: &str, accounts: &str) -> u64 {
    let number = |line: &str, at: usize| line.split(':').nth(at)?.parse::<u64>().ok();
    let ranges = subordinate.lines().filter_map(|line| Some((number(line, 1)?, number(line, 2)?)));
    let ones = accounts.lines().filter_map(|line| Some((number(line, 2)?, 1)));
    let mut taken: Vec<(u64, u64)> = ranges.chain(ones).collect();
    taken.sort_unstable();
    taken.into_iter().fold(100_000, |first, (start, count)| match start < first + RANGE {
        true => first.max(start.saturating_add(count)),
        false => first,
    })
}

impl Package {
    /// The command that installs it.
    #[must_use]
    pub fn install(&self, installer: Installer) -> String {
        match installer {
            Installer::Apt => format!("sudo apt install {}", self.apt),
            Installer::Dnf => format!("sudo dnf install {}", self.dnf),
            Installer::Pacman => format!("sudo pacman -S {}", self.pacman),
            Installer::Zypper => format!("sudo zypper install {}", self.zypper),
            Installer::Apk => format!("sudo apk add {}", self.apk),
            Installer::Unknown => format!("install the package {} (Fedora's name: {})", self.apt, self.dnf),
        }
    }
}

/// The program that installs packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Installer {
    Apt,
    Dnf,
    Pacman,
    Zypper,
    Apk,
    Unknown,
}

/// This machine's, by os-release(5): its `ID`, or one of those that it is like.
#[must_use]
pub fn installer() -> Installer {
    static FOUND: OnceLock<Installer> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let files = ["/etc/os-release", "/usr/lib/os-release"];
        let text = files.iter().find_map(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        of_release(&text)
    })
}

fn of_release(text: &str) -> Installer {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches('"').to_string()
    };
    let ids = format!("{} {}", value("ID"), value("ID_LIKE"));
    let of_id = |id: &str| match id {
        "debian" | "ubuntu" => Some(Installer::Apt),
        "fedora" | "rhel" | "centos" => Some(Installer::Dnf),
        "arch" => Some(Installer::Pacman),
        "suse" | "opensuse" | "opensuse-tumbleweed" | "opensuse-leap" => Some(Installer::Zypper),
        "alpine" => Some(Installer::Apk),
        _ => None,
    };
    ids.split(' ').find_map(of_id).unwrap_or(Installer::Unknown)
}

/// The caller's name, by its own word.
fn user() -> String {
    std::env::var("USER").unwrap_or_else(|_| "$USER".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_installs_in_its_own_way() {
        for (text, wanted) in [
            ("NAME=x\nID=debian\n", Installer::Apt),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", Installer::Apt),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", Installer::Dnf),
            ("ID=alpine\n", Installer::Apk),
            ("", Installer::Unknown),
        ] {
            assert_eq!(of_release(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_new_range_is_nobodys() {
        assert_eq!(free("", ""), 100_000);
        assert_eq!(free("a:100000:65536\nb:165536:65536\nbroken:x\nc:1:5\n", ""), 231_072);
        // Between two that leave room, and not where somebody's own id is.
        assert_eq!(free("a:100000:65536\nfar:1000000:65536\n", ""), 165_536);
        assert_eq!(free("a:100000:65536\n", "big:x:200000:200000::/:\nnobody:x:65534:65534::/:\n"), 200_001);
    }

    #[test]
    fn only_settings_that_are_there_are_set() {
        assert_eq!(
            set(&["kernel.ostype=x y", "kernel.no_such_thing=1"]),
            "printf '%s\\n' 'kernel.ostype=x y' | sudo tee -a /etc/sysctl.d/90-podling.conf && \
             sudo sysctl -p /etc/sysctl.d/90-podling.conf"
        );
    }

    #[test]
    fn a_system_without_systemd_is_not_told_to_ask_it() {
        for one in &PREREQUISITES {
            let words = match one.mend.on(false) {
                Mend::Command(words) | Mend::Advice(words) => words,
                _ => continue,
            };
            let asks = ["systemctl", "loginctl", "machinectl", "/etc/systemd"];
            assert!(asks.iter().all(|program| !words.contains(program)), "{}: {words}", one.id);
        }
    }

    #[test]
    fn each_has_a_name_of_its_own() {
        for (at, one) in PREREQUISITES.iter().enumerate() {
            assert!(PREREQUISITES[at + 1..].iter().all(|other| other.id != one.id), "{}", one.id);
        }
    }
}
