#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds all for aarch64 on another machine and runs tests in QEMU's emulation of its user mode:
#   aarch64.sh WORK [TEST...]     default: core-frame core-perturb core-regions core-lookahead
#                                 core-worker-pool core-record core-protector gst-format
# WORK gets Debian 12 of that architecture (2 GB) and the build; what is there already is used again. As
# root, with mmdebstrap, qemu-user and g++-aarch64-linux-gnu; the network is Debian's mirror.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=.ci/packages.sh
source .ci/packages.sh
mkdir -p "${1:?usage: aarch64.sh WORK [TEST...]}"
work=$(realpath "$1")
shift
tests=("$@")
[[ $# -gt 0 ]] || tests=(core-frame core-perturb core-regions core-lookahead core-worker-pool core-record
  core-protector gst-format)
root=$work/root
triplet=aarch64-linux-gnu
libraries=$root/usr/lib/$triplet

if [[ ! -e $work/unpacked ]]; then
  echo "== Unpacking Debian in $root"
  wanted=(libc6-dev libstdc++-12-dev libgtest-dev gstreamer1.0-plugins-base gstreamer1.0-plugins-good)
  for package in "${build_packages[@]}" "${demo_packages[@]}"; do
    [[ $package == *-dev || $package == *-data ]] && wanted+=("$package")
  done
  rm -rf "$root"
  mmdebstrap --arch=arm64 --variant=extract --include="$(IFS=, && echo "${wanted[*]}")" bookworm "$root" \
    "${MIRROR:-http://deb.debian.org/debian}" >"$work/unpack.log" 2>&1
  # What installing would do: choose a BLAS and a LAPACK.
  for library in blas lapack; do
    for name in "lib$library.so" "lib$library.so.3"; do ln -sf "$library/$name" "$libraries/$name"; done
  done
  # Links from the root on, and paths in dlib's pkg-config file, would lead to this machine's files.
  find "$root" -type l -lname '/*' -print0 | while IFS= read -rd '' link; do
    ln -sfn --relative "$root$(readlink "$link")" "$link"
  done
  sed -i -E "s|/usr/lib/$triplet/lib([a-z0-9]+)\.so|-l\1|g" "$libraries/pkgconfig/dlib-1.pc"
  touch "$work/unpacked"
fi

cat >"$work/cross.ini" <<END
[constants]
root = '$root'
[binaries]
c = '$triplet-gcc'
cpp = '$triplet-g++'
ar = '$triplet-ar'
strip = '$triplet-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-aarch64', '-L', root]
[properties]
sys_root = root
pkg_config_libdir = [root / 'usr/lib/$triplet/pkgconfig', root / 'usr/share/pkgconfig']
[built-in options]
cpp_args = ['--sysroot=' + root, '-Wno-psabi']
cpp_link_args = ['--sysroot=' + root, '-Wl,-rpath-link,' + root / 'usr/lib/$triplet/blas',
                 '-Wl,-rpath-link,' + root / 'usr/lib/$triplet/lapack']
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
END
[[ -e $work/build/build.ninja ]] || meson setup "$work/build" --cross-file "$work/cross.ini"
ninja -C "$work/build"
file -b "$work/build/gst/libgstfaceperturb.so" | grep -o 'ELF 64-bit LSB shared object, ARM aarch64'
# The system's own plugins are those of the root.
GST_PLUGIN_SYSTEM_PATH=$libraries/gstreamer-1.0 GST_REGISTRY_FORK=no \
  meson test -C "$work/build" --print-errorlogs --timeout-multiplier 20 "${tests[@]}"
