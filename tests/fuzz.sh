#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Fuzzes every target of tests/fuzz with libFuzzer, AddressSanitizer and
# UndefinedBehaviorSanitizer, from its kept inputs (tests/fuzz/corpus):
#   tests/fuzz.sh [SECONDS]   each target for so long, default 20
#   tests/fuzz.sh keep        keeps, of the inputs found, the fewest that reach all lines reached
# An input that fails is left in build-fuzz/; put it into the target's corpus with the mend.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=.ci/packages.sh
source .ci/packages.sh
install_missing "${build_packages[@]}" "${demo_packages[@]}" "${test_packages[@]}" "${fuzz_packages[@]}"
build='build-fuzz'
[[ -f $build/build.ninja ]] ||
  CXX=clang++-16 meson setup "$build" --buildtype debugoptimized -Dfuzz=enabled -Dexamples=disabled \
    -Db_sanitize=address,undefined -Db_lundef=false \
    -Dcpp_args="['-D_GLIBCXX_ASSERTIONS','-fsanitize=fuzzer-no-link']"
ninja -C "$build" fuzz
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# GStreamer keeps what is registered for ever.
export ASAN_OPTIONS=detect_leaks=0

for target in "$build"/tests/fuzz/fuzz-*; do
  [[ -f $target && -x $target ]] || continue
  name=${target##*/fuzz-}
  kept=tests/fuzz/corpus/$name
  found=$build/corpus/$name
  mkdir -p "$found"
  echo "== $name"
  if [[ ${1-} == keep ]]; then
    fewest=$(mktemp -d)
    "$target" -set_cover_merge=1 -use_counters=0 "$fewest" "$kept" "$found"
    rm -rf "$kept"
    mv "$fewest" "$kept"
    chmod 755 "$kept"
  else
    "$target" -max_total_time="${1:-20}" -timeout=20 -rss_limit_mb=2048 -max_len=4096 \
      -print_final_stats=1 -artifact_prefix="$build/" "$found" "$kept"
  fi
done
