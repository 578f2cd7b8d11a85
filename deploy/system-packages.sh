#!/bin/sh
# Installs the Debian packages that `make run` or `make test` needs, when root and apt are there; else names them in one line.
set -eu

case "${1:-}" in
run) wanted="gpg:gnupg unshare:util-linux bwrap:bubblewrap mat2:mat2 ffmpeg:ffmpeg heif-convert:libheif-examples" ;;
test) wanted="gpg:gnupg unshare:util-linux bwrap:bubblewrap mat2:mat2 ffmpeg:ffmpeg heif-convert:libheif-examples exiftool:libimage-exiftool-perl ssh-keygen:openssh-client age:age chromium:chromium firefox-esr:firefox-esr tor:tor tor-gencert:tor haproxy:haproxy openssl:openssl w3m:w3m orca:orca Xvfb:xvfb openbox:openbox xdotool:xdotool dbus-daemon:dbus-daemon dbus-send:dbus-bin speech-dispatcher:speech-dispatcher" ;;
*) echo "usage: $0 run|test" >&2; exit 2 ;;
esac

# Debian keeps daemons where a plain user's path does not lead.
PATH=$PATH:/usr/sbin:/sbin

missing() {
    for pair in $wanted; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || printf ' %s' "${pair##*:}"
    done
}

packages=$(missing)
[ -n "$packages" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq || true
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages || true
    packages=$(missing)
    [ -n "$packages" ] || exit 0
fi
echo "Missing system packages. Install them and run this again: apt-get install$packages" >&2
exit 1
