#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds the Debian packages of this source, installs them into a fresh Debian 12 and runs every recipe
# of README.md and docs/recipes.md there:
#   clean_install.sh CLIP WORK [ONLY]
# CLIP is what faceperturb-render-clip makes. In WORK the packages, the system (2 GB) and pictures of
# what came out are left; what is there already is used again. ONLY: recipes that have this text alone.
# As root, with debootstrap and what dpkg-buildpackage needs; the network is Debian's mirror.
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
clip=$(realpath "${1:?usage: clean_install.sh CLIP WORK [ONLY]}")
mkdir -p "${2:?usage: clean_install.sh CLIP WORK [ONLY]}"
work=$(realpath "$2")
root=$work/root
mirror=${MIRROR:-http://deb.debian.org/debian}

if ! compgen -G "$work/faceperturb_*.deb" >/dev/null; then
  echo "== Building the packages"
  git clone -q "$source" "$work/faceperturb"
  (cd "$work/faceperturb" && dpkg-buildpackage -us -uc -b) >"$work/build.log" 2>&1
fi

inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
  DEBIAN_FRONTEND=noninteractive "$@"; }

if [[ ! -e $root/installed ]]; then
  echo "== Making a fresh system in $root"
  [[ -e $root/etc/debian_version ]] || debootstrap --variant=minbase bookworm "$root" "$mirror" >"$work/debootstrap.log"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"  # start no services
  chmod +x "$root/usr/sbin/policy-rc.d"
  mkdir -p "$root/packages"
  cp "$work"/*.deb "$root/packages/"
  rm -f "$root"/packages/*-dbgsym_*
  {
    # What a newcomer installs, then what recipes.py and its screen need.
    inside apt-get update -q
    inside sh -c 'apt-get install -y -q /packages/*.deb'
    inside apt-get install -y -q --no-install-recommends xvfb xauth python3-gi python3-numpy \
      gir1.2-gst-rtsp-server-1.0 gir1.2-gstreamer-1.0
  } >"$work/install.log" 2>&1
  touch "$root/installed"
fi

rm -rf "$root/pictures" "$work/pictures"
echo "== Running the recipes"
cp "$clip" "$root/clip.mp4"
cp "$source/README.md" "$source/docs/recipes.md" "$source/tests/packaging/recipes.py" "$root/"
# shellcheck disable=SC2016
unshare --mount --pid --fork bash -euc '
  mount -t proc proc "$1/proc"
  mount --rbind /dev "$1/dev"
  mount -t tmpfs tmpfs "$1/tmp"
  printf "127.0.0.1 localhost camera\n" >"$1/hosts"
  touch "$1/etc/hosts"
  mount --bind "$1/hosts" "$1/etc/hosts"
  chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive xvfb-run -a -s "-screen 0 1024x768x24" \
    python3 recipes.py --clip clip.mp4 --work /recipes --pictures /pictures --only "$2" \
    README.md recipes.md || exit  # not the first process itself: xvfb-run would wait for ever
' bash "$root" "${3-}" || status=$?
cp -r "$root/pictures" "$work/pictures"
echo "three frames of each result, and logs: $work/pictures"
exit "${status-0}"
