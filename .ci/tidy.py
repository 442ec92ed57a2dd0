#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""clang-tidy with the checks of .clang-tidy over core, gst and examples; fails where it finds anything.

    .ci/tidy.py [FILE...]    default: all; needs clang-16 and clang-tidy-16

Most of the time goes into headers, so the files of a program or library are checked as one, five times
as fast as one by one; those in which it names something of its own as another does are left for a second
such one, and so on."""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHECKED = re.compile(r"(core|gst|examples)/.*\.cpp$")


def sources(build, wanted):
    """The files of each program and library, with the flags that they are compiled with."""
    groups, seen = {}, set()
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(os.path.normpath(build / entry["file"]))
        name = str(path.relative_to(ROOT))
        if not CHECKED.match(name) or path in seen or (wanted and name not in wanted):
            continue
        seen.add(path)
        words = shlex.split(entry["command"])
        words = words[words[0].endswith("ccache"):]
        flags = [word for before, word in zip(words, words[1:])
                 if before not in ("-MQ", "-MF", "-o", "-c")
                 and word not in ("-MD", "-MQ", "-MF", "-o", "-c")]
        groups.setdefault(entry["output"].split(".p/")[0], (flags, []))[1].append(path)
    return groups


def write(build, name, files):
    unit = build / f"{name}.cpp"
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_text("".join(f'#include "{file}"\n' for file in files))
    return unit


def units(build, name, flags, files):
    """Writes files that include all of `files`, each of which compiles."""
    number = 0
    while files:
        unit, apart = write(build, f"tidy/{name}-{number}", files), []
        while len(files) > 1:
            outcome = subprocess.run(["clang++-16", *flags, "-w", "-fno-color-diagnostics", "-fsyntax-only", "-ferror-limit=0", unit],
                                     cwd=build, capture_output=True, text=True)
            if outcome.returncode == 0:
                break
            wrong = set(re.findall(r"^(/[^:]*):\d+:\d+: (?:fatal )?error:", outcome.stderr, re.MULTILINE))
            wrong = [file for file in files[1:] if str(file) in wrong] or files[-1:]
            files = [file for file in files if file not in wrong]
            apart += wrong
            unit = write(build, f"tidy/{name}-{number}", files)
        yield unit, flags, len(files)
        files, number = apart, number + 1


def check(build, unit, flags):
    outcome = subprocess.run(
        ["clang-tidy-16", "--quiet", f"--config-file={ROOT}/.clang-tidy",
         f"--header-filter={re.escape(str(ROOT))}/(core|gst|examples)/", str(unit), "--", *flags],
        cwd=build, capture_output=True, text=True)
    noise = re.compile(r"^(\d+ warnings? (treated as errors|generated).*|)\n", re.MULTILINE)
    return outcome.returncode, outcome.stdout.replace(f"{ROOT}/", "") + noise.sub("", outcome.stderr)


def main():
    build = ROOT / "build-tidy"
    if not (build / "build.ninja").exists():
        subprocess.run(["meson", "setup", build, ROOT], env={**os.environ, "CXX": "clang++-16"},
                       stdout=subprocess.DEVNULL, check=True)
    wanted = {os.path.relpath(file, ROOT) for file in sys.argv[1:]}
    groups = sources(build, wanted)
    if not groups:
        sys.exit(f"tidy: none of these is a source of core, gst or examples: {' '.join(wanted)}")

    def whole(item):
        name, (flags, files) = item
        return [(*check(build, unit, flags), count)
                for unit, flags, count in units(build, name.replace("/", "-"), flags, files)]

    failed, count = False, 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        biggest_first = sorted(groups.items(), key=lambda item: -len(item[1][1]))
        for outcomes in pool.map(whole, biggest_first):
            for status, text, files in outcomes:
                print(text, end="", flush=True)
                failed |= status != 0
                count += files
    if failed:
        sys.exit("tidy: mend these, or drop the check in .clang-tidy and say why")
    print(f"clang-tidy: nothing found in {count} files")


main()
