#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plays or records a video with protected faces, and tells meanwhile what the element does.

Needs Debian's python3-gi and gir1.2-gstreamer-1.0, and the plugin where GStreamer looks for it.
"""

import argparse
import os
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst

PACKAGES = {
    "faceperturb": "gstreamer1.0-faceperturb, or set GST_PLUGIN_PATH to the folder that holds "
    "libgstfaceperturb.so",
    "matroskamux": "gstreamer1.0-plugins-good",
    "x264enc": "gstreamer1.0-plugins-ugly",
}


class Failure(Exception):
    """What went wrong and what helps, in words for the user."""


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", help="a file, or an address such as rtsp://camera/stream")
    parser.add_argument("output", nargs="?", help="a .mkv to record to; without it, the screen")
    parser.add_argument("--method", default="shuffle", help="default: shuffle")
    parser.add_argument("--regions", default="eyes+nose+mouth", help="default: eyes+nose+mouth")
    parser.add_argument("--pixels", default="0", help="of each face; default: 0, all of the regions")
    parser.add_argument("--set", action="append", default=[], metavar="PROPERTY=VALUE",
                        help="any other property of the element; see gst-inspect-1.0 faceperturb")
    return parser.parse_args()


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_description(parse, description):
    """Parses what gst-launch-1.0 would; names what is missing or wrong."""
    context = Gst.ParseContext.new()
    try:
        # Otherwise a value that does not fit would only be warned of, and the default be in force.
        return parse(description, context, Gst.ParseFlags.FATAL_ERRORS)
    except GLib.Error as error:
        if not error.matches(Gst.ParseError.quark(), Gst.ParseError.NO_SUCH_ELEMENT):
            raise Failure(f"{error.message}; see gst-inspect-1.0 faceperturb") from None
        kind = context.get_missing_elements()[0]
        raise Failure(f"the GStreamer element '{kind}' is missing: "
                      f"install {PACKAGES.get(kind, 'the plugin that has it')}") from None


def address(text):
    if Gst.uri_is_valid(text):
        return text
    if not os.path.isfile(text):
        raise Failure(f"there is no file '{text}'")
    return Gst.filename_to_uri(os.path.abspath(text))


class Player:
    def __init__(self, options):
        self.options = options
        self.loop = GLib.MainLoop()
        self.failure = None
        self.faces = 0  # in the newest frame

        settings = [f"method={quoted(options.method)}", f"regions={quoted(options.regions)}",
                    f"pixels={quoted(options.pixels)}"]
        for setting in options.set:
            name, _, value = setting.partition("=")
            settings.append(f"{name}={quoted(value)}")
        end = ("x264enc speed-preset=veryfast pass=qual quantizer=21 ! matroskamux name=mux"
               " ! filesink name=file" if options.output else "autovideosink")
        self.pipeline = parse_description(
            Gst.parse_launch_full,
            "uridecodebin name=source  videoconvert name=picture ! faceperturb name=protector "
            f"post-messages=true {' '.join(settings)} ! videoconvert ! {end}")
        self.source = self.pipeline.get_by_name("source")
        self.source.set_property("uri", address(options.input))
        self.source.connect("pad-added", self.on_pad)
        if options.output:
            self.pipeline.get_by_name("file").set_property("location", options.output)
        self.protector = self.pipeline.get_by_name("protector")

    def on_pad(self, _, pad):
        """Links the first picture and the first sound; what else there is, is not wanted."""
        kind = pad.query_caps(None).to_string()
        if kind.startswith("video/"):
            sink = self.pipeline.get_by_name("picture").get_static_pad("sink")
        elif kind.startswith("audio/") and not self.pipeline.get_by_name("sound"):
            end = " ! opusenc" if self.options.output else " ! autoaudiosink"
            # What the element holds back must not stop the sound: its queue is as long as it needs.
            sound = parse_description(
                lambda *rest: Gst.parse_bin_from_description_full(rest[0], True, *rest[1:]),
                "queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 ! audioconvert"
                " ! audioresample" + end)
            sound.set_name("sound")
            self.pipeline.add(sound)
            if self.options.output:
                sound.link(self.pipeline.get_by_name("mux"))
            sound.sync_state_with_parent()
            sink = sound.get_static_pad("sink")
        else:
            return
        if not sink.is_linked():
            pad.link(sink)

    def on_message(self, _, message):
        if message.type == Gst.MessageType.ELEMENT:
            structure = message.get_structure()
            if structure.get_name() == "faceperturb":
                # get_value() would need python3-gst-1.0 for a list.
                self.faces = structure.get_list("faces")[1].n_values
        elif message.type == Gst.MessageType.ERROR:
            error, details = message.parse_error()
            # The first line of the details is where in the sources it was; the rest is for people.
            more = (details or "").partition("\n")[2]
            self.failure = error.message + (f"\n  {more}" if more else "")
            self.loop.quit()
        elif message.type == Gst.MessageType.EOS:
            self.loop.quit()

    def show(self):
        stats = self.protector.get_property("stats")
        count = {name: stats.get_value(name)
                 for name in ("frames", "faces", "checked", "held", "covered", "dropped",
                              "detect-time", "track-time", "perturb-time")}
        frames = count["frames"]
        if frames == 0:
            return GLib.SOURCE_CONTINUE
        worker = (count["detect-time"] + count["track-time"]) / frames / 1e6
        own = count["perturb-time"] / frames / 1e6
        line = (f"{frames} frames: {count['checked']} checked, {count['held']} held, "
                f"{count['covered']} covered, {count['dropped']} dropped; {self.faces} faces now; "
                f"{worker:.1f} ms to find, {own:.1f} ms to protect")
        if sys.stderr.isatty():
            line = "\r\x1b[K" + line
        print(line, end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
        return GLib.SOURCE_CONTINUE

    def end(self):
        """Ends the streams where they are now, so that the recording is complete."""
        for name in ("picture", "sound"):
            element = self.pipeline.get_by_name(name)
            if element:
                element.get_static_pad("sink").send_event(Gst.Event.new_eos())
        return GLib.SOURCE_CONTINUE

    def run(self):
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message", self.on_message)
        timer = GLib.timeout_add(500, self.show)
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGINT, self.end)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        GLib.source_remove(timer)
        self.show()
        if sys.stderr.isatty():
            print(file=sys.stderr)
        self.pipeline.set_state(Gst.State.NULL)
        if self.failure:
            raise Failure(self.failure)


def main():
    options = parse_arguments()
    Gst.init(None)
    try:
        Player(options).run()
    except Failure as failure:
        print(f"protect.py: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
