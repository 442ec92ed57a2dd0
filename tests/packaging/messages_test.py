#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/troubleshooting.md has every message that the sources can give: messages_test.py SOURCE

A message is what the sources have in an element's error or warning and where they throw or note a
failure; its words between values (three or more) must stand in the page.
"""

import pathlib
import re
import sys

# Where a message begins in C++, and in Python. What follows is read up to the semicolon, or the line's
# closing bracket.
CPP = re.compile(r"GST_ELEMENT_(?:ERROR|WARNING)\(|throw [\w:.]+\(|(?<![\w:])(?:fail|failure|note|warn)\(|"
                 r"\bFailure\(|\b(?:remedy|why|failure|note) =")
PYTHON = re.compile(r"raise Failure\(|print\(|self\.fail\(|failure = ")
# Not for users: tools that only the project runs, and a library's contract.
NOT_FOR_USERS = re.compile(r"core/(assets|eval|perturb/cae)|examples/(eval|method-sheet|render-clip)")


def literals(text):
    """String literals of a piece of C++ or Python, those side by side made one."""
    piece = r'[fF]?"((?:[^"\\]|\\.)*)"'
    for match in re.finditer(rf"(?:{piece}\s*)+", text):
        yield "".join(re.findall(piece, match[0])).replace('\\"', '"').replace("\\n", "\n")


def messages(file):
    source = file.read_text()
    begin, end = (PYTHON, r"\)\n") if file.suffix == ".py" else (CPP, r";")
    for match in begin.finditer(source):
        stop = re.compile(end).search(source, match.end())
        line = source.count("\n", 0, match.start()) + 1
        if source[source.rfind("\n", 0, match.start()):match.start()].lstrip().startswith("//"):
            continue
        for text in literals(source[match.start():stop.end() if stop else None]):
            # What stands for a value, in C and in Python.
            for words in re.split(r"%[-\d.]*l*[a-z]|\{[^}]*\}|\n", text):
                words = " ".join(words.split())
                if len(re.findall(r"[A-Za-z]{2,}", words)) >= 3:
                    yield line, words


def plain(text):
    return " ".join(re.sub(r"[`|]", "", text).split())


def main():
    root = pathlib.Path(sys.argv[1])
    page = plain((root / "docs/troubleshooting.md").read_text())
    files = [file for folder in ("gst", "core", "examples") for kind in ("*.cpp", "*.h", "*.py")
             for file in sorted((root / folder).rglob(kind))
             if not NOT_FOR_USERS.match(str(file.relative_to(root)))]
    found, missing = 0, []
    for file in files:
        for line, words in messages(file):
            found += 1
            if plain(words).strip(" '\"():;,.%") not in page:
                missing.append(f"{file.relative_to(root)}:{line}: {words}")
    print("\n".join(missing))
    print(f"{found} pieces of messages, {len(missing)} of them not in docs/troubleshooting.md")
    assert found > 150, "the sources are not read as they are written"
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
