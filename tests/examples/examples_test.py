#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example programs on a rendered clip: as many frames out as in, other pictures than in, and for
what goes wrong a line that says what helps."""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

RENDER, EMBED, APPSRC, SOURCE = sys.argv[1:5]
PROTECT = os.path.join(SOURCE, "examples/python/protect.py")
FRAMES = 15


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **more)


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.folder.name)
        cls.clip = str(cls.root / "clip.mp4")
        run(RENDER, "--seconds", "0.6", "--size", "320x180", cls.clip, check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def path(self, name):
        return str(self.root / name)

    def pictures(self, video, name):
        """The frames of a video as OpenCV's own program of the appsrc example would see them."""
        folder = self.root / name
        folder.mkdir()
        run("gst-launch-1.0", "-q", "filesrc", f"location={video}", "!", "decodebin", "!",
            "videoconvert", "!", "video/x-raw,format=BGR", "!", "multifilesink",
            f"location={folder}/%03d", check=True)
        return [file.read_bytes() for file in sorted(folder.iterdir())]

    def expect_protected(self, video, name):
        before = self.pictures(self.clip, name + "-before")
        after = self.pictures(video, name + "-after")
        self.assertEqual(len(before), FRAMES)
        self.assertEqual(len(after), FRAMES)
        for one, other in zip(before, after):
            # Black bars over faces: many bytes that were bright are dark.
            darker = sum(a > 60 and b < 20 for a, b in zip(one[::7], other[::7]))
            self.assertGreater(darker, len(one) // 7 // 100)

    def expect_failure(self, words, *command, **more):
        outcome = run(*command, **more)
        self.assertEqual(outcome.returncode, 1, outcome.stderr)
        self.assertIn(words, outcome.stderr)

    def test_embed_protects_a_video(self):
        outcome = run(EMBED, "--method", "occlude", self.clip, self.path("embed.mp4"), check=True)
        self.assertRegex(outcome.stdout, rf"^{FRAMES} frames, \d\d+ faces, 0 covered")
        self.expect_protected(self.path("embed.mp4"), "embed")

    def test_embed_says_what_is_wrong(self):
        out = self.path("none.mp4")
        self.expect_failure("there is no file", EMBED, "missing.mp4", out)
        self.expect_failure("--method is one of shuffle average", EMBED, "--method", "no", "a", out)
        self.expect_failure("no video", EMBED, __file__, out)
        self.expect_failure("folder that exists", EMBED, self.clip, "/nowhere/out.mp4")
        self.expect_failure("libdlib-data", EMBED, "--landmark-model", "none", self.clip, out)
        self.assertFalse(os.path.exists(out))

    def test_appsrc_keeps_number_and_times(self):
        folder = self.root / "frames"
        outcome = run(APPSRC, self.clip, folder, "occlude", check=True)
        self.assertIn(f"{FRAMES} frames in and out", outcome.stdout)
        self.assertIn("covered=(guint64)0", outcome.stdout)
        times = [int(file.stem) for file in sorted(folder.iterdir())]
        self.assertEqual(times, [40000 * number for number in range(FRAMES)])
        # What came out goes in again, as pictures: the embedding takes one.
        outcome = run(EMBED, folder / "000000000.png", self.path("again.png"), check=True)
        self.assertRegex(outcome.stdout, "^1 frames")

    def test_appsrc_says_what_is_wrong(self):
        self.expect_failure("cannot be read", APPSRC, "missing.mp4", self.path("f"))
        self.expect_failure("no value of the property", APPSRC, self.clip, self.path("f"), "no")
        self.expect_failure("usage", APPSRC)

    @unittest.skipUnless(importlib.util.find_spec("gi"), "needs python3-gi")
    def test_python_protects_and_counts(self):
        outcome = run(PROTECT, self.clip, self.path("python.mkv"), "--method", "occlude", check=True)
        last = outcome.stderr.strip().splitlines()[-1]
        self.assertRegex(last, rf"^{FRAMES} frames: .* 0 covered, 0 dropped; [1-9]\d* faces now")
        self.expect_protected(self.path("python.mkv"), "python")

    @unittest.skipUnless(importlib.util.find_spec("gi"), "needs python3-gi")
    def test_python_says_what_is_wrong(self):
        out = self.path("none.mkv")
        self.expect_failure("there is no file", PROTECT, "missing.mp4", out)
        self.expect_failure('could not set property "method"', PROTECT, self.clip, out,
                            "--method", "no")
        self.expect_failure('no property "bogus"', PROTECT, self.clip, out, "--set", "bogus=1")
        self.expect_failure("libdlib-data", PROTECT, self.clip, out, "--set", "landmark-model=none")
        self.expect_failure("GST_PLUGIN_PATH", PROTECT, self.clip, out,
                            env={"GST_REGISTRY": self.path("registry.bin"), "PATH": os.environ["PATH"]})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
