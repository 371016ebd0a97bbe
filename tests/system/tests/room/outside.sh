# Makes the room, and removes what it leaves in the system's tree of cgroups, which alone outlives its processes.
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if [ -z "$CGROUP" ]; then
    exec unshare --map-root-user --map-auto --mount --net --pid --fork --kill-child --mount-proc bash "$INSIDE"
fi
# The tree may be mounted elsewhere, or so that nothing can be written.
mount -t cgroup2 none /mnt
mine=/mnt$(sed -n 's/^0:://p' /proc/self/cgroup)
mine=${mine%/}
room=$mine/$CGROUP
mkdir "$room"
leave() {
    echo $$ >"$mine/cgroup.procs"
    # A process that was killed is there until somebody has taken note of it.
    for _ in $(seq 500); do
        find "$room" -depth -type d -exec rmdir {} + 2>/dev/null || true
        [ -e "$room" ] || break
        sleep 0.01
    done
}
trap leave EXIT
echo $$ >"$room/cgroup.procs"
unshare --cgroup --mount --net --pid --fork --kill-child --mount-proc bash "$INSIDE" || true
