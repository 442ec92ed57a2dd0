#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the commands of Markdown files as they stand and looks at every frame that they leave.

Each ```sh block is one recipe. A comment before it says what it needs:

    <!-- recipe: not run: WHY -->          is listed with its reason
    <!-- recipe: stays -->                 goes on until the next recipe is done
    <!-- recipe: interrupted after 9 s --> gets Ctrl-C
    <!-- recipe: leaves A B -->            files whose every frame must be protected (or black)
    <!-- recipe: leaves clear A -->        files whose every frame must be the source's
    <!-- recipe: shows -->                 a picture of the screen is kept

and several of them, with a semicolon between. Any other recipe has to end by itself, with 0.

Meant for a machine that is thrown away (clean_install.sh makes one): needs to be root, an X display,
and `camera` as a name of this machine, for it serves the clip as rtsp://camera/stream. `v4l2src` is
replaced by the clip in real time, `sudo` left out. Needs python3-gi, python3-numpy and gir1.2-gst-rtsp-server-1.0.
"""

import argparse
import contextlib
import http.server
import functools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import wave

import numpy

WIDTH, HEIGHT = 320, 180  # in which frames are compared
CAMERA = "filesrc location=in.mp4 ! decodebin ! clocksync"
LONGEST = 180  # seconds, for a recipe
# The recipe for one source is the recipe for another: what the recipes speak of.
FIXTURES = """
gst-launch-1.0 -q filesrc location={clip} ! qtdemux ! h264parse ! mux.  \
  filesrc location=sound.wav ! wavparse ! audioconvert ! avenc_aac ! mux.  \
  mp4mux name=mux ! filesink location=in.mp4
mkdir -p clips photos/1998 lfw/Somebody
cp in.mp4 clips/one.mp4
gst-launch-1.0 -q filesrc location=in.mp4 ! qtdemux ! h264parse ! qtmux ! filesink location=in.mov
gst-launch-1.0 -q filesrc location={clip} ! decodebin ! videoconvert ! videorate ! \
  video/x-raw,framerate=1/2 ! pngenc ! multifilesink location=photos/%d.png
gst-launch-1.0 -q filesrc location=photos/1.png ! decodebin ! videoconvert ! jpegenc quality=95 ! \
  filesink location=photos/1998/group.jpg
cp photos/1998/group.jpg photo.jpg
cp photos/2.png lfw/Somebody/Somebody_0001.png
"""


class Recipe:
    def __init__(self, file, line, directives, text):
        self.name = f"{file.name}:{line}"
        self.text = text
        self.leaves, self.clear, self.interrupted = [], [], None
        self.stays = self.shows = False
        self.not_run = None
        for directive in filter(None, (part.strip() for part in directives.split(";"))):
            if directive == "stays":
                self.stays = True
            elif directive == "shows":
                self.shows = True
            elif match := re.fullmatch(r"not run: (.+)", directive, re.S):
                self.not_run = " ".join(match[1].split())
            elif match := re.fullmatch(r"interrupted after (\d+) s", directive):
                self.interrupted = int(match[1])
            elif match := re.fullmatch(r"leaves clear (.+)", directive):
                self.clear = match[1].split()
            elif match := re.fullmatch(r"leaves (.+)", directive):
                self.leaves = match[1].split()
            else:
                sys.exit(f"{self.name}: '{directive}' says nothing; see recipes.py")


def recipes_of(file):
    text = file.read_text()
    for match in re.finditer(r"(?:<!-- recipe: ([^>]*?)-->\n+)?^```sh\n(.*?)^```$", text, re.S | re.M):
        line = text.count("\n", 0, match.start(2))
        yield Recipe(file, line, match[1] or "", match[2])


def launch(*command, **more):
    return subprocess.run(("gst-launch-1.0", "-q") + command, check=True, timeout=LONGEST, **more)


def frames_of(uri):
    """Grey frames of a video or picture: (frames, HEIGHT, WIDTH)."""
    raw = pathlib.Path("/tmp/frames.raw")
    raw.unlink(missing_ok=True)
    launch("uridecodebin", f"uri={uri}", "caps=video/x-raw(ANY)", "expose-all-streams=false", "!",
           "videoconvert", "!", "videoscale", "method=4-tap", "!",
           f"video/x-raw,format=GRAY8,width={WIDTH},height={HEIGHT}", "!", "filesink",
           f"location={raw}", stdout=subprocess.DEVNULL)
    frames = numpy.fromfile(raw, numpy.uint8).reshape(-1, HEIGHT, WIDTH)
    raw.unlink()
    return frames


class Truth:
    """The frames of the clip: which of them a frame is, and how much of it is another picture."""

    def __init__(self, uri):
        self.frames = frames_of(uri).astype(numpy.int16)
        self.small = self.shrink(self.frames)

    @staticmethod
    def shrink(frames):
        return frames.reshape(len(frames), HEIGHT // 20, 20, WIDTH // 20, 20).mean((2, 4))

    def changed(self, frame):
        """Pixels of the frame that are no noise of a codec."""
        near = numpy.abs(self.small - self.shrink(frame[None])).mean((1, 2)).argsort()[:5]
        return min(int((numpy.abs(self.frames[at] - frame) > 40).sum()) for at in near)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Kitchen:
    def __init__(self, work, pictures, clip):
        self.work, self.pictures = work, pictures
        self.failures = 0
        self.running = []
        os.chdir(work)
        with wave.open("sound.wav", "wb") as sound:
            sound.setparams((1, 2, 48000, 0, "NONE", ""))
            tone = numpy.sin(numpy.arange(48000 * 8) * 440 * 2 * numpy.pi / 48000) * 8000
            sound.writeframes(tone.astype("<i2").tobytes())
        subprocess.run(("bash", "-euc", FIXTURES.format(clip=clip)), check=True)
        self.truth = Truth((work / "in.mp4").as_uri())
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(QuietHandler, directory=work))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def say(self, recipe, text, failed=False):
        self.failures += failed
        print(f"{'FAIL' if failed else 'ok  '} {recipe.name:22} {text}", flush=True)

    def uri(self, name):
        if name.endswith(".m3u8"):  # as a player would
            return f"http://127.0.0.1:{self.server.server_port}/{name}"
        return (self.work / name).absolute().as_uri()

    def look_at(self, recipe, name, want_clear):
        """Checks all frames of a file and keeps three of them to be looked at."""
        if not (self.work / name).exists():
            return self.say(recipe, f"did not leave {name}", failed=True)
        frames = frames_of(self.uri(name))
        black = sum(int((frame > 40).sum()) == 0 for frame in frames)
        changed = numpy.array([self.truth.changed(frame.astype(numpy.int16)) for frame in frames])
        clear = int((changed < 40).sum())
        stem = re.sub(r"[^\w.]", "-", name)
        picks = sorted({int(len(frames) * part) for part in (0.2, 0.5, 0.8)})
        data = frames[picks].reshape(-1, WIDTH).tobytes()
        (self.pictures / f"{stem}.pgm").write_bytes(
            b"P5 %d %d 255\n" % (WIDTH, HEIGHT * len(picks)) + data)
        text = f"{name}: {len(frames)} frames, {clear} clear, {black} black"
        bad = clear != len(frames) if want_clear else clear > 0 or black == len(frames)
        self.say(recipe, text, failed=len(frames) == 0 or bad)

    def run(self, recipe):
        if recipe.not_run:
            return self.say(recipe, f"not run: {recipe.not_run}")
        text = recipe.text.replace("v4l2src", CAMERA).replace("sudo ", "")
        log = open(self.pictures / (recipe.name.replace(":", "-") + ".log"), "w+")
        process = subprocess.Popen(("bash", "-euo", "pipefail", "-c", text), stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL, start_new_session=True)
        started = time.monotonic()
        try:
            if recipe.stays:
                time.sleep(8)  # until it serves
                self.running.append((recipe, process))
                if process.poll() is not None:
                    self.say(recipe, f"ended at once:\n{pathlib.Path(log.name).read_text()}", True)
                return
            if recipe.shows:
                time.sleep(max(4, (recipe.interrupted or 0) - 2))
                launch("ximagesrc", "num-buffers=1", "!", "videoconvert", "!", "pngenc", "!", "filesink",
                       f"location={self.pictures / recipe.name.replace(':', '-')}.png")
            if recipe.interrupted:
                time.sleep(max(0, recipe.interrupted - (time.monotonic() - started)))
                os.killpg(process.pid, signal.SIGINT)
            code = process.wait(LONGEST if not recipe.interrupted else 20)
        except subprocess.TimeoutExpired:
            self.stop(process)
            return self.say(recipe, "does not end", failed=True)
        if code not in ((0, 130, -signal.SIGINT) if recipe.interrupted else (0,)):
            print(pathlib.Path(log.name).read_text())
            return self.say(recipe, f"ends with {code}", failed=True)
        for other, behind in self.running:  # such as a receiver, which ends with its sender
            with contextlib.suppress(subprocess.TimeoutExpired):
                behind.wait(3)
            self.stop(behind)
            for name in other.leaves:
                self.look_at(other, name, False)
        self.running = []
        self.say(recipe, f"ran {time.monotonic() - started:.0f} s")
        for name in recipe.leaves:
            self.look_at(recipe, name, False)
        for name in recipe.clear:
            self.look_at(recipe, name, True)

    @staticmethod
    def stop(process):
        for kind in (signal.SIGINT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(process.pid, kind)
                process.wait(5)


def serve_camera(clip):
    import gi
    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer
    Gst.init(None)
    server = GstRtspServer.RTSPServer(address="127.0.0.1", service="554")
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f'( filesrc location="{clip}" ! qtdemux ! h264parse ! '
                       'rtph264pay name=pay0 config-interval=-1 )')
    server.get_mount_points().add_factory("/stream", factory)
    if not server.attach(None):
        sys.exit("recipes.py: port 554 cannot be served")
    threading.Thread(target=GLib.MainLoop().run, daemon=True).start()
    return server


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=pathlib.Path, help="Markdown")
    parser.add_argument("--clip", required=True, type=pathlib.Path,
                        help="H.264 in MP4, faces in every frame: faceperturb-render-clip makes one")
    parser.add_argument("--work", required=True, type=pathlib.Path,
                        help="a folder to run the recipes in; what it holds is deleted")
    parser.add_argument("--pictures", required=True, type=pathlib.Path,
                        help="a folder for three frames of each result, and logs")
    parser.add_argument("--only", default="", help="recipes with this in their name or text")
    options = parser.parse_args()
    recipes = [recipe for file in options.files for recipe in recipes_of(file)]
    shutil.rmtree(options.work, ignore_errors=True)
    for folder in (options.work, options.pictures):
        folder.mkdir(parents=True, exist_ok=True)
    clip, pictures = options.clip.absolute(), options.pictures.absolute()
    kitchen = Kitchen(options.work.absolute(), pictures, clip)
    server = serve_camera(clip)
    for recipe in recipes:
        if options.only in recipe.name + recipe.text:
            kitchen.run(recipe)
    del server
    print(f"{len(recipes)} recipes, {kitchen.failures} failures")
    return 1 if kitchen.failures else 0


if __name__ == "__main__":
    sys.exit(main())
