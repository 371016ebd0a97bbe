# Process 1 of a room: mounts, network, processes and a cgroup of its own. What runs here ends with it, and it ends with
# whoever holds the other end of its standard input.
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t tmpfs none /run
# Locks of Podman's.
mount -t tmpfs none /dev/shm
# What Podman remembers of root's images, wherever its store is.
[ ! -d /var/lib/containers ] || mount -t tmpfs none /var/lib/containers
[ ! -d /etc/docker ] || mount -t tmpfs none /etc/docker
if [ "$CGROUP" ]; then
    umount -l /mnt
    # The tree cannot be mounted on itself.
    mount -t tmpfs none /sys/fs/cgroup
    mount -t cgroup2 none /sys/fs/cgroup
    # Only a cgroup without processes of its own can hand controllers down.
    mkdir /sys/fs/cgroup/daemons
    echo 1 >/sys/fs/cgroup/daemons/cgroup.procs
fi
mkdir -p "$ROOM"
cd "$ROOM"
eval "$SERVICES"
: >ready
read -r _ || true
