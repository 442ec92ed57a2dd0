#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what is missing from Debian's packages, builds and runs tests:
#   ./test.sh          every test
#   ./test.sh quick    the suite that takes less than a minute
# Tests on real clips need the shared test data: FACEPERTURB_TEST_DATA, default ../shared/data.
# The last line counts the tests: N passed, N failed, N skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=.ci/packages.sh
source .ci/packages.sh
install_missing "${build_packages[@]}" "${demo_packages[@]}" "${test_packages[@]}"

build=${BUILD_DIR:-build-test}
[[ -f $build/build.ninja ]] || meson setup "$build" -Dwerror=true
meson compile -C "$build"

suites=()
[[ $# -gt 0 ]] && suites=(--suite "$1")
rm -f "$build"/*.xml  # meson has every GoogleTest program leave its report there
status=0
meson test -C "$build" --print-errorlogs "${suites[@]}" || status=$?

# Every single test of a GoogleTest program, from its own report; other programs, and those that died
# without a report, count as one test each.
python3 - "$build" "$build/meson-logs/testlog.json" <<'PYTHON'
import collections, json, pathlib, sys, xml.etree.ElementTree as xml
count = collections.Counter()
for program in map(json.loads, open(sys.argv[2])):
    report = pathlib.Path(sys.argv[1], program["name"].split(" / ")[-1] + ".xml")
    ok = program["result"] in ("OK", "SKIP")
    cases = list(xml.parse(report).iter("testcase")) if report.exists() else []
    for case in cases:
        skipped = case.find("skipped") is not None or case.get("result") == "skipped"
        count["failed" if case.find("failure") is not None else "skipped" if skipped else "passed"] += 1
    if not cases or not ok and not count["failed"]:
        count["failed" if not ok else "skipped" if program["result"] == "SKIP" else "passed"] += 1
print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
PYTHON
exit "$status"
