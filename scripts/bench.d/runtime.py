"""scripts/bench runtime: our OCI runtime beside others, and above the floor, which is what the kernel has to do anyway."""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent.parent
UNIFIED = "/sys/fs/cgroup/unified"
# Whose system calls are not the runtime's: the container's program, and the helpers that write the id maps.
FOREIGN = re.compile(r"^\d+ +execve\(\"[^\"]*/(true|newuidmap|newgidmap)\".*( = 0|<unfinished \.\.\.>)$")
CALL = re.compile(r"^(\d+) +(<\.\.\. )?(\w+)(\(| resumed)")


class Runtime:
    """A runtime: how its command lines begin, or `reason` why there are none; the floor has one command line only."""

    def __init__(self, name, words, floor=False, reason=None):
        self.name, self.words, self.floor, self.reason = name, [str(word) for word in words], floor, reason
        self.wall, self.cpu, self.calls, self.memory = {}, {}, None, None


class Ground:
    """A user, who may be root, and a bundle of its own that the runtimes are given in turns."""

    def __init__(self, bench, who, runtimes):
        self.bench, self.who, self.become = bench, who, bench.become if who == "rootless" else {}
        self.dir = bench.dir / who
        self.dir.mkdir()
        self.bundle, self.pid_file = self.dir / "bundle", self.dir / "pid"
        self.bundle.mkdir()
        # State is kept in memory, as below /run.
        self.memory = tempfile.TemporaryDirectory(prefix="podling-bench-", dir="/dev/shm")
        self.runtimes = runtimes
        user, group = (bench.user.pw_uid, bench.user.pw_gid) if who == "rootless" else (0, 0)
        subprocess.run(["chown", "-R", f"{user}:{group}", self.dir, self.memory.name], check=True)
        self.document()

    def document(self):
        ours = next(runtime for runtime in self.runtimes if runtime.name == "podling")
        self.finish(self.start([*ours.words, "spec"], cwd=self.bundle))
        config = self.bundle / "config.json"
        words = json.loads(config.read_text())
        words["process"]["args"] = ["/bin/true"]
        words["root"]["path"] = str(self.bench.rootfs)
        config.write_text(json.dumps(words))

    def start(self, argv, **options):
        options = {"cwd": self.dir, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options}
        return subprocess.Popen([str(word) for word in argv], env=self.bench.env, stdin=subprocess.DEVNULL, **self.become, **options)

    def state(self, runtime):
        return [*runtime.words, "--root", f"{self.memory.name}/{runtime.name}"]

    def run(self, runtime):
        """The one command line that does it all."""
        if runtime.floor:
            return [*runtime.words, self.bench.rootfs, "/bin/true"]
        return [*self.state(runtime), "run", "--bundle", self.bundle, "bench"]

    def finish(self, process):
        """Waits for its end; the CPU seconds of it and its children."""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{' '.join(map(str, process.args))}: exit status {process.returncode}")
        return usage.ru_utime + usage.ru_stime

    def life(self, runtime):
        """create, start, delete; CPU seconds. The container's process becomes our child when who created it ends."""
        base = self.state(runtime)
        cpu = self.finish(self.start([*base, "create", "--bundle", self.bundle, "--pid-file", self.pid_file, "bench"]))
        pid = int(self.pid_file.read_text())
        cpu += self.finish(self.start([*base, "start", "bench"]))
        usage = os.wait4(pid, 0)[2]
        return cpu + usage.ru_utime + usage.ru_stime + self.finish(self.start([*base, "delete", "bench"]))

    def measure(self, runtime, what):
        begin = time.perf_counter()
        cpu = self.life(runtime) if what == "life" else self.finish(self.start(self.run(runtime)))
        wall = time.perf_counter() - begin
        cpu += orphans()
        runtime.wall.setdefault(what, []).append(wall * 1000)
        runtime.cpu.setdefault(what, []).append(cpu * 1000)

    def ready(self, runtime):
        """Does all once, unmeasured: it works, and what it reads is in memory."""
        if runtime.reason:
            return False
        with tempfile.TemporaryFile() as told:
            try:
                if not runtime.floor:
                    self.life(runtime)
                self.finish(self.start(self.run(runtime), stderr=told))
            except (OSError, RuntimeError, ValueError) as error:
                told.seek(0)
                words = told.read().decode(errors="replace").strip().splitlines()
                runtime.reason = words[-1] if words else str(error)
                orphans()
                return False
        return True

    def count(self, runtime):
        """System calls of `run`, without those of the container's program and of the helpers of the id maps."""
        log = self.bench.dir / "calls"
        argv = ["strace", "-f", "-qq", "-s", "128", "-e", "signal=none", "-o", log]
        if self.become:
            # Under strace a program with more rights than its file's owner loses them, unless root traces.
            argv += ["-u", self.bench.user.pw_name]
        traced = subprocess.run(
            [str(word) for word in [*argv, *self.run(runtime)]], env=self.bench.env, cwd=self.dir, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=False,
        )
        orphans()
        if traced.returncode:
            return None
        foreign, calls = set(), 0
        for line in log.read_text(errors="replace").splitlines():
            call = CALL.match(line)
            if not call:
                continue
            if call[3] == "execve" and " = -1 " in line:
                # Looked for elsewhere in PATH.
                foreign.discard(call[1])
            if call[1] in foreign:
                continue
            calls += call[4] == "("
            if FOREIGN.match(line):
                foreign.add(call[1])
        return calls

    def peak(self, runtime):
        """KiB of the largest of its processes. Ours and not a grandchild's would begin with the memory of this program."""
        with self.start(["sh", "-c", '"$@" >/dev/null 2>&1 & echo $!', "sh", *self.run(runtime)], stdout=subprocess.PIPE) as shell:
            pid = int(shell.stdout.read())
        usage = os.wait4(pid, 0)[2]
        orphans()
        return usage.ru_maxrss


def orphans():
    """CPU seconds of those whose parent has not waited for them; whoever is left by its parent is our child."""
    cpu = 0.0
    while True:
        try:
            usage = os.wait4(-1, 0)[2]
        except ChildProcessError:
            return cpu
        cpu += usage.ru_utime + usage.ru_stime


def built(bench, path, name):
    """A copy where the user may reach it."""
    if not path or not path.exists():
        return None
    shutil.copy(path, bench.dir / "bin" / name)
    (bench.dir / "bin" / name).chmod(0o755)
    return bench.dir / "bin" / name


def contestants(bench, options):
    """All of them; each ground gets its own."""
    ours = built(bench, HERE / "target/bin/runtime", "runtime")
    if not ours:
        raise SystemExit("target/bin/runtime is not built; run: scripts/build runtime --example runtime-floor")
    floors = [*HERE.glob("target/*/release/examples/runtime-floor"), HERE / "target/release/examples/runtime-floor"]
    floor = built(bench, floors[0], "floor")
    yield Runtime("podling", [ours])
    yield Runtime("floor", [floor], floor=True, reason=None if floor else "not built; run: scripts/build runtime --example runtime-floor")
    # Ours makes no cgroup for this document, so crun is to make none.
    yield Runtime("crun", ["crun", "--cgroup-manager=disabled"])
    yield Runtime("runc", ["runc"])
    if options.youki:
        youki = built(bench, Path(options.youki), "youki")
        yield Runtime("youki", [youki], reason=None if youki else "not found")


def prepare():
    """crun refuses a machine with both versions of cgroups: started by root, the bench goes on where only one is seen. The
    machine's own mounts stay as they are."""
    if os.geteuid() or not os.path.exists(f"{UNIFIED}/cgroup.procs") or os.environ.get("PODLING_BENCH_INSIDE"):
        return []
    os.environ["PODLING_BENCH_INSIDE"] = "1"
    inside = f'mount -t tmpfs none {UNIFIED} && exec "$@"'
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", inside, "sh"]


def rounds(ground, count):
    running = [runtime for runtime in ground.runtimes if ground.ready(runtime)]
    for number in range(count):
        for what in ("run", "life"):
            first = number % len(running)
            for runtime in running[first:] + running[:first]:
                if what == "run" or not runtime.floor:
                    ground.measure(runtime, what)
    for runtime in running:
        runtime.calls = ground.count(runtime)
        runtime.memory = min(ground.peak(runtime) for _ in range(3))


def table(ground):
    by = {runtime.name: runtime for runtime in ground.runtimes if runtime.wall}
    crun, floor = by.get("crun"), by.get("floor")

    def ratio(of, to, what):
        return f"{statistics.median(of[what]) / statistics.median(to[what]):9.2f}x" if to and what in to else f"{'-':>10}"

    for what, about in (("run", "run"), ("life", "create+start+delete")):
        print(f"\n{ground.who}, {about}")
        head = f"{'ms':<10}{'median':>8}{'min':>8}{'p90':>8}{'CPU':>8}{'/crun':>10}{'CPU/crun':>10}{'CPU/floor':>10}"
        print(head + (f"{'calls':>7}{'peak KiB':>10}" if what == "run" else ""))
        for runtime in ground.runtimes:
            if runtime.reason:
                print(f"{runtime.name:<10}  missing: {runtime.reason}")
                continue
            if what not in runtime.wall:
                continue
            wall, cpu = sorted(runtime.wall[what]), runtime.cpu[what]
            row = f"{runtime.name:<10}{statistics.median(wall):8.2f}{wall[0]:8.2f}{wall[int(len(wall) * 0.9) - 1]:8.2f}{statistics.median(cpu):8.2f}"
            row += ratio(runtime.wall, crun and crun.wall, what) + ratio(runtime.cpu, crun and crun.cpu, what)
            row += ratio({what: cpu}, floor and {what: floor.cpu["run"]}, what)
            if what == "run":
                row += f"{runtime.calls or '-':>7}{runtime.memory:>10}"
            print(row)


def main(options, make_bench, adopt):
    outer = prepare()
    if outer:
        os.execvp(outer[0], [*outer, sys.executable, *sys.argv])
    with tempfile.TemporaryDirectory(prefix="podling-bench-", ignore_cleanup_errors=True) as directory:
        os.chmod(directory, 0o755)
        bench = make_bench(directory)
        adopt()
        # The root file system belongs to the user, and root of a container has to reach it.
        (bench.dir / "bundle").chmod(0o755)
        who = ["rootful", "rootless"] if os.geteuid() == 0 else ["rootless"]
        grounds = [Ground(bench, name, list(contestants(bench, options))) for name in who if name in options.who]
        for ground in grounds:
            rounds(ground, options.rounds)
            ground.memory.cleanup()
    print(f"{options.rounds} rounds of /bin/true, {os.cpu_count()} CPUs, Linux {os.uname().release}; load {os.getloadavg()[0]:.1f}")
    for ground in grounds:
        table(ground)
    if options.json:
        results = {ground.who: {r.name: {"missing": r.reason, "wall_ms": r.wall, "cpu_ms": r.cpu, "calls": r.calls, "peak_kib": r.memory} for r in ground.runtimes} for ground in grounds}
        Path(options.json).write_text(json.dumps({"rounds": options.rounds, **results}, indent=1) + "\n")
