#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Static checks, in seconds: the formatting of C++, the scripts, and what cppcheck knows to be wrong.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=.ci/packages.sh
source .ci/packages.sh
install_missing "${check_packages[@]}"
mapfile -t sources < <(git ls-files '*.cpp' '*.h')
clang-format --dry-run -Werror "${sources[@]}"
mapfile -t scripts < <(git ls-files -z | xargs -0 grep -lE '^(#!.*bash|# shellcheck shell)')
shellcheck -x "${scripts[@]}"
# gst/options.cpp: cppcheck 2.10 cannot read a lambda as a template's argument.
cppcheck -q --std=c++20 --enable=warning,portability --inline-suppr --error-exitcode=1 -j2 -I core \
  --suppress=missingIncludeSystem --suppress=syntaxError:gst/options.cpp core gst examples
echo "formatting, scripts and cppcheck: nothing found"
