# Makes an archive of localhost/nginx: three layers, of Debian's packages, by podman. Run in an empty directory, as the
# root of a user namespace for the first part, as the user for the second.
# Usage: nginx.sh packages|image
set -eu

packages() {
    # Only unpacked: nothing of them is run.
    mmdebstrap --quiet --mode=root --variant=extract --include=nginx-light,socat bookworm packages.tar ${DEBIAN_MIRROR:-}
    mkdir -p context/packages
    tar -C context/packages --exclude=gconv --exclude=tc --exclude=krb5 --exclude=engines-3 --exclude=ossl-modules \
        --wildcards -xf packages.tar \
        ./etc/nginx ./usr/sbin/nginx './usr/bin/socat*' ./usr/share/nginx ./lib './lib64*' './usr/lib/*-linux-gnu*'
    rm packages.tar
}

image() {
    for dir in bin dev etc proc root run sys tmp var/lib/nginx var/log/nginx; do mkdir -p "context/base/$dir"; done
    for busybox in /bin/busybox /usr/bin/busybox.static; do [ -e "$busybox" ] && break; done
    cp "$busybox" context/base/bin/busybox
    for applet in sh cat ls id echo sleep ps hostname ip touch true false kill head wc nc stat grep seq stty tty; do
        ln -s busybox "context/base/bin/$applet"
    done
    printf 'root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/bin/false\n' >context/base/etc/passwd
    printf 'root:x:0:\nwww-data:x:33:\n' >context/base/etc/group

    mkdir -p context/site/etc/nginx context/site/usr/share/nginx/html
    echo 'Hello from nginx' >context/site/usr/share/nginx/html/index.html
    cat >context/site/etc/nginx/nginx.conf <<'END'
user www-data;
worker_processes 1;
pid /run/nginx.pid;
error_log stderr warn;
events {}
http {
    access_log /dev/stdout;
    server {
        listen 80;
        root /usr/share/nginx/html;
    }
}
END
    cat >context/Containerfile <<'END'
FROM scratch
COPY base /
COPY packages /
COPY site /
ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
END
    mkdir store run
    podman="podman --root $PWD/store --runroot $PWD/run --storage-driver vfs --cgroup-manager cgroupfs --events-backend file"
    # Nothing in it is run, so nothing needs what Podman asks of the machine for that.
    $podman build --quiet --tag localhost/nginx:latest context
    $podman save --quiet --format docker-archive --output nginx.tar localhost/nginx:latest
}

"$1"
