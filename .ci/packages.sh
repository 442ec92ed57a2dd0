# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034
# To be sourced: what the scripts need from Debian 12, and how to get it.

# libdlib-dev only recommends what its pkg-config file links: BLAS and LAPACK.
build_packages=(
  g++ meson ninja-build pkg-config
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
  libopencv-dev libdlib-dev libblas-dev liblapack-dev libdlib-data opencv-data libsodium-dev zlib1g-dev
  nlohmann-json3-dev libpugixml-dev libexif-dev
)
demo_packages=(
  gstreamer1.0-tools
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good
  gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav
  libgstrtspserver-1.0-dev libsoup-3.0-dev
)
test_packages=(
  libgtest-dev gnuplot-nox frei0r-plugins gstreamer1.0-opencv gstreamer1.0-rtsp
  python3 python3-gi gir1.2-gstreamer-1.0
)
fuzz_packages=(clang-16 libclang-rt-16-dev)

check_packages=(clang-format shellcheck cppcheck)
tidy_packages=(clang-16 clang-tidy-16)

# Programs may come from elsewhere than Debian's package.
is_installed() {
  case $1 in
    g++ | meson | pkg-config | python3) command -v "$1" >/dev/null && return ;;
    ninja-build) command -v ninja >/dev/null && return ;;
  esac
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# install_missing PACKAGE...: installs those that are missing; fails, naming them, where it cannot.
install_missing() {
  local package missing=() as_root=()
  if ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian: make sure that you have what these packages hold: $*" >&2
    return
  fi
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  if [[ $EUID -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
      echo "Missing packages; install them as root, then run this again:" >&2
      echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "== Installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${missing[@]}"
}
