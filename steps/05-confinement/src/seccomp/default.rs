//! The default profile: what a program in a container may ask the kernel.
//!
//! The lists are those of Podman (containers/common, June 2026), with these differences, all on the safe side:
//! without `CAP_SYS_ADMIN` no new namespaces and no mounts, not even in a user namespace of the program's own
//! (as Docker does); no `socketcall`, whose arguments a filter cannot see; and the address family of `socket`
//! is compared as the kernel does, in 32 bits.

use std::borrow::Cow;

use libc::{EINVAL, ENOSYS, EPERM};

use super::{Action, Arch, Operator, Profile, Rule, Test};
use crate::CapSet;

/// Allowed to everybody.
const ALLOWED: &str = "\
     _llseek _newselect accept accept4 access adjtimex alarm bind brk capget capset chdir chmod chown chown32 \
     clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep \
     clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3 epoll_create \
     epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 \
     execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate \
     fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr \
     flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate \
     ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat get_mempolicy \
     get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid \
     getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom \
     getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid \
     gettimeofday getuid getuid32 getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel \
     io_destroy io_getevents io_setup io_submit ioctl ioprio_get ioprio_set ipc keyctl kill landlock_add_rule \
     landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listxattr \
     llistxattr lremovexattr lseek lsetxattr lstat lstat64 madvise mbind membarrier memfd_create memfd_secret \
     mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify mq_open \
     mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap msgctl msgget msgrcv \
     msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat open openat openat2 pause \
     pidfd_getfd pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 \
     prctl pread64 preadv preadv2 prlimit64 process_mrelease process_vm_readv process_vm_writev pselect6 \
     pselect6_time64 ptrace pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv reboot recv recvfrom \
     recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr rename renameat renameat2 restart_syscall rmdir \
     rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait \
     rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity \
     sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 \
     sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl semget \
     semop semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto set_mempolicy \
     set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 \
     setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid \
     setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr shmat shmctl shmdt shmget \
     shutdown sigaltstack signal signalfd signalfd4 sigprocmask sigreturn socketpair splice stat stat64 statfs \
     statfs64 statx symlink symlinkat sync sync_file_range syncfs sysinfo syslog tee tgkill time timer_create \
     timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create \
     timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit \
     umask uname unlink unlinkat utime utimensat utimensat_time64 utimes vfork wait4 waitid waitpid write writev";

/// Calls that only one architecture has.
const ALLOWED_BY_ARCHITECTURE: &str =
    "arch_prctl arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush modify_ldt set_tls sync_file_range2";

/// Known and refused: they answer "not permitted". A call that is on no list answers "not implemented", so that
/// a C library newer than this list falls back to what it did before.
const REFUSED: &str = "\
     bdflush cachestat io_pgetevents io_pgetevents_time64 kexec_file_load kexec_load map_shadow_stack migrate_pages \
     move_pages nfsservctl nice oldfstat oldlstat oldolduname oldstat olduname pciconfig_iobase pciconfig_read \
     pciconfig_write sgetmask ssetmask swapoff swapon syscall sysfs uselib userfaultfd ustat vm86 vm86old vmsplice";

/// Allowed to who has one of the capabilities, refused to the others.
const CONDITIONAL: &[(&[&str], &str)] = &[
    (&["CAP_DAC_READ_SEARCH"], "open_by_handle_at"),
    (
        &["CAP_SYS_ADMIN"],
        "fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree pivot_root quotactl \
         quotactl_fd setdomainname sethostname setns umount umount2",
    ),
    (&["CAP_BPF", "CAP_SYS_ADMIN"], "bpf"),
    (&["CAP_PERFMON", "CAP_SYS_ADMIN"], "perf_event_open"),
    (&["CAP_SYS_CHROOT"], "chroot"),
    (&["CAP_SYS_MODULE"], "delete_module finit_module init_module query_module"),
    (&["CAP_SYS_PACCT"], "acct"),
    (&["CAP_SYS_PTRACE"], "kcmp process_madvise"),
    (&["CAP_SYS_RAWIO"], "ioperm iopl"),
    (&["CAP_SYS_TIME"], "clock_settime clock_settime64 settimeofday stime"),
    (&["CAP_SYS_TTY_CONFIG"], "vhangup"),
];

/// The execution domains that are no more than Linux itself (0xffffffff asks for the present one).
const PERSONALITIES: [u64; 5] = [0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/// Every namespace flag of clone(2).
const CLONE_NEW: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;
/// unshare(2) knows one more; in clone(2) this bit belongs to the signal.
const CLONE_NEWTIME: u64 = 0x80;

/// The part of a 64-bit argument that the kernel reads of an `int`.
const INT: u64 = 0xffff_ffff;

// ANCHOR: default
impl Profile {
    /// The default profile for a program that has these capabilities: what only a capability would make
    /// possible is refused here already to those without it.
    #[must_use]
    pub fn default_for(capabilities: &CapSet) -> Profile {
        let has = |names: &[&str]| names.iter().any(|name| capabilities.has(name));
        let mut rules = vec![allow(ALLOWED), allow(ALLOWED_BY_ARCHITECTURE), refuse(REFUSED, EPERM)];
        for (any_of, names) in CONDITIONAL {
            rules.push(if has(any_of) { allow(names) } else { refuse(names, EPERM) });
        }
        rules.extend(PERSONALITIES.map(|persona| allow("personality").when(0, Operator::EqualTo(persona))));
        rules.extend(new_namespaces(has(&["CAP_SYS_ADMIN"])));
        rules.extend(sockets(has(&["CAP_AUDIT_WRITE"])));
        Profile {
            default_action: Action::Errno,
            default_errno_ret: Some(ENOSYS as u32),
            architectures: Arch::NATIVE.family().to_vec(),
            syscalls: rules,
            flags: Vec::new(),
            listener_path: None,
            listener_metadata: None,
        }
    }
}

/// A namespace of one's own is a kernel full of doors: mounts, netfilter, every `ns_capable` in it.
fn new_namespaces(admin: bool) -> Vec<Rule> {
    if admin {
        return vec![allow("clone clone3 unshare")];
    }
    let none_of = |flags| Operator::MaskedEqual { mask: flags, value: 0 };
    vec![
        allow("clone").when(0, none_of(CLONE_NEW)),
        allow("unshare").when(0, none_of(CLONE_NEW | CLONE_NEWTIME)),
        refuse("clone unshare", EPERM),
        // Its flags are in memory, out of a filter's sight. "Not implemented" makes the C library use clone.
        refuse("clone3", ENOSYS),
    ]
}
// ANCHOR_END: default

/// The kernel takes the family from the low 32 bits, so the other half of the argument must not make a family
/// look like another one: hence masks, and refusals before the permission.
fn sockets(audit: bool) -> Vec<Rule> {
    let is = |value: i32| Operator::MaskedEqual { mask: INT, value: value as u64 };
    let mut rules = vec![
        // The kernel's cryptography, and the virtual machine's host: neither is in a namespace.
        refuse("socket", EPERM).when(0, is(libc::AF_ALG)),
        refuse("socket", EPERM).when(0, is(libc::AF_VSOCK)),
    ];
    if !audit {
        // The answer by which audit's library knows that there is no audit.
        rules.push(refuse("socket", EINVAL).when(0, is(libc::AF_NETLINK)).when(2, is(libc::NETLINK_AUDIT)));
    }
    rules.push(allow("socket"));
    rules.push(refuse("socketcall", ENOSYS));
    rules
}

fn allow(names: &'static str) -> Rule {
    rule(names, Action::Allow, None)
}

fn refuse(names: &'static str, errno: i32) -> Rule {
    rule(names, Action::Errno, Some(errno as u32))
}

fn rule(names: &'static str, action: Action, errno_ret: Option<u32>) -> Rule {
    let names = names.split_whitespace().map(Cow::Borrowed).collect();
    Rule { names, action, errno_ret, args: Vec::new() }
}

impl Rule {
    fn when(mut self, index: u8, operator: Operator) -> Rule {
        self.args.push(Test { index, operator });
        self
    }
}
