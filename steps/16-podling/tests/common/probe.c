/* What a hostile program in a container tries. Each answer is a line. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void answer(const char *what, long result) {
    printf("%s: %s\n", what, result >= 0 ? "done" : strerror(errno));
}

/* Looks at a process that is on its way into the container: its descriptors and its environment. */
static void look(int pid) {
    char path[64], file[400], target[512], text[8192];
    long got;
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    got = readlink(path, target, sizeof target - 1);
    if (got > 0) {
        target[got] = 0;
        if (strncmp(target, "/bin/", 5)) printf("seen\n");
    }
    snprintf(path, sizeof path, "/proc/%d/environ", pid);
    int environ_file = open(path, O_RDONLY);
    if (environ_file >= 0) {
        got = read(environ_file, text, sizeof text);
        if (got > 0 && memmem(text, got, "TOKEN", 5)) printf("environment\n");
        close(environ_file);
    }
    long process = syscall(SYS_pidfd_open, pid, 0);
    for (int fd = 3; process >= 0 && fd < 16; fd++) {
        long mine = syscall(SYS_pidfd_getfd, process, fd, 0);
        if (mine < 0) continue;
        snprintf(file, sizeof file, "/proc/self/fd/%ld", mine);
        got = readlink(file, target, sizeof target - 1);
        target[got > 0 ? got : 0] = 0;
        if (strncmp(target, "pipe:", 5) && strncmp(target, "/proc/", 6)) printf("descriptor %s\n", target);
        close(mine);
    }
    if (process >= 0) close(process);
}

static void watch(int seconds) {
    time_t end = time(NULL) + seconds;
    int next = getpid() + 1;
    printf("watching\n");
    while (time(NULL) < end) {
        for (int pid = next; pid < next + 3; pid++) look(pid);
        DIR *all = opendir("/proc");
        struct dirent *entry;
        while (all && (entry = readdir(all)))
            if (atoi(entry->d_name) > next) next = atoi(entry->d_name);
        closedir(all);
    }
}

static void calls(void) {
    answer("AF_INET", socket(AF_INET, SOCK_STREAM, 0));
    answer("AF_UNIX", socket(AF_UNIX, SOCK_STREAM, 0));
    answer("AF_ALG", socket(AF_ALG, SOCK_SEQPACKET, 0));
    answer("AF_ALG with high bits", syscall(SYS_socket, 0x100000000L | AF_ALG, SOCK_SEQPACKET, 0));
    answer("AF_VSOCK", socket(AF_VSOCK, SOCK_STREAM, 0));
    answer("io_uring_setup", syscall(SYS_io_uring_setup, 1, 0));
#ifdef __x86_64__
    /* The same by the calls of 32-bit programs: socket is 359, socketcall 102. */
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(359), "b"(AF_ALG), "c"(SOCK_SEQPACKET), "d"(0) : "memory");
    errno = -result;
    answer("AF_ALG of 32 bits", result);
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(102), "b"(1), "c"(0) : "memory");
    errno = -result;
    answer("socketcall", result);
#endif
}

/* Cgroups of one's own, to be told of their end by a program of the host's. */
static void cgroups(void) {
    answer("unshare", unshare(CLONE_NEWUSER | CLONE_NEWCGROUP | CLONE_NEWNS));
    answer("unshare of mounts", unshare(CLONE_NEWNS));
    mkdir("/tmp/cgroup", 0755);
    answer("mount of version 1", mount("cgroup", "/tmp/cgroup", "cgroup", 0, "memory"));
    answer("mount of rdma", mount("cgroup", "/tmp/cgroup", "cgroup", 0, "rdma"));
    answer("mount of version 2", mount("cgroup2", "/tmp/cgroup", "cgroup2", 0, NULL));
    answer("release_agent", open("/tmp/cgroup/release_agent", O_WRONLY));
    answer("release_agent of the system", open("/sys/fs/cgroup/memory/release_agent", O_WRONLY));
}

static void type(void) {
    const char *places[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty"};
    for (int place = 0; place < 4; place++) {
        int fd = place < 3 ? place : open(places[place], O_RDWR);
        answer(places[place], fd < 0 ? fd : ioctl(fd, TIOCSTI, "x"));
    }
}

int main(int count, char **words) {
    setbuf(stdout, NULL);
    if (count < 2) return 1;
    if (!strcmp(words[1], "watch")) watch(atoi(words[2]));
    if (!strcmp(words[1], "calls")) calls();
    if (!strcmp(words[1], "cgroups")) cgroups();
    if (!strcmp(words[1], "groups")) answer("setgroups", setgroups(0, NULL));
    if (!strcmp(words[1], "type")) type();
    if (!strcmp(words[1], "read")) {
        /* Into another group, and out of the one that is refused. */
        gid_t groups[32];
        int groups_count = getgroups(32, groups);
        for (int at = 0; at < groups_count; at++) printf("group %u\n", groups[at]);
        if (count > 3) answer("setgid", setresgid(atoi(words[3]), atoi(words[3]), atoi(words[3])));
        answer("read", open(words[2], O_RDONLY));
    }
    return 0;
}
