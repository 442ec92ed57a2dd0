#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A window that shows a camera with protected faces, and records it.

Needs Debian's python3-gi, gir1.2-gtk-3.0, gir1.2-gstreamer-1.0 and gstreamer1.0-gtk3, and the
plugin where GStreamer looks for it.
"""

import argparse
import datetime
import os
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("Gtk", "3.0")
from gi.repository import GLib, GObject, Gst, Gtk

# The picture that is protected goes to the window, and while recording to a file. Nothing branches
# off before faceperturb: what is not protected reaches neither.
PREVIEW = ("videoconvert name=input ! faceperturb name=protector ! tee name=tee"
           " ! queue leaky=downstream max-size-buffers=2 ! videoconvert ! gtksink name=screen")
# `sync` is the screen's; a file takes frames when they come.
RECORDING = ("queue max-size-buffers=0 max-size-bytes=0 max-size-time=2000000000 ! videoconvert"
             " ! x264enc tune=zerolatency speed-preset=veryfast pass=qual quantizer=21 ! h264parse"
             " ! matroskamux ! filesink name=file sync=false async=false")
PACKAGES = {
    "faceperturb": "gstreamer1.0-faceperturb, or set GST_PLUGIN_PATH to the folder that holds "
    "libgstfaceperturb.so",
    "gtksink": "gstreamer1.0-gtk3",
    "h264parse": "gstreamer1.0-plugins-bad",
    "matroskamux": "gstreamer1.0-plugins-good",
    "v4l2src": "gstreamer1.0-plugins-good",
    "x264enc": "gstreamer1.0-plugins-ugly",
}


class Failure(Exception):
    """What went wrong and what helps, in words for the user."""


def parse(description, is_bin=False):
    context = Gst.ParseContext.new()
    try:
        if is_bin:
            return Gst.parse_bin_from_description_full(description, True, context,
                                                       Gst.ParseFlags.FATAL_ERRORS)
        return Gst.parse_launch_full(description, context, Gst.ParseFlags.FATAL_ERRORS)
    except GLib.Error as error:
        if not error.matches(Gst.ParseError.quark(), Gst.ParseError.NO_SUCH_ELEMENT):
            raise Failure(error.message) from None
        kind = context.get_missing_elements()[0]
        raise Failure(f"the GStreamer element '{kind}' is missing: "
                      f"install {PACKAGES.get(kind, 'the plugin that has it')}") from None


class Recorder(Gtk.Window):
    def __init__(self, options):
        super().__init__(title="faceperturb recorder")
        self.folder = options.folder
        self.branch = None  # the elements that write a file, and the tee's pad to them
        self.build_pipeline(options)
        self.build_window(options)

    # --- Pipeline ----------------------------------------------------------------------------

    def build_pipeline(self, options):
        if not options.file:
            source = f"{options.source} ! input.  "
        elif os.path.isfile(options.file):
            source = "uridecodebin name=file ! input.  "
        else:
            raise Failure(f"there is no file '{options.file}'")
        self.pipeline = parse(source + PREVIEW)
        if options.file:
            self.pipeline.get_by_name("file").set_property(
                "uri", Gst.filename_to_uri(os.path.abspath(options.file)))
        self.protector = self.pipeline.get_by_name("protector")
        self.tee = self.pipeline.get_by_name("tee")
        parse(RECORDING, is_bin=True)  # says now what is missing, not when it is wanted
        self.screen = self.pipeline.get_by_name("screen").get_property("widget")
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message", self.on_message)

    def start_recording(self, path):
        branch = parse(RECORDING, is_bin=True)
        branch.get_by_name("file").set_property("location", path)
        # Its end of stream is to be told apart from the pipeline's.
        branch.set_property("message-forward", True)
        self.pipeline.add(branch)
        pad = self.tee.request_pad_simple("src_%u")
        # The file begins at zero, however long the window was open.
        pad.set_offset(-self.pipeline.get_current_running_time())
        pad.link(branch.get_static_pad("sink"))
        branch.sync_state_with_parent()
        self.branch = branch, pad

    def stop_recording(self):
        """Takes the branch off between two frames, and lets it write what it has."""
        branch, pad = self.branch

        def unlink(pad, _):
            sink = branch.get_static_pad("sink")
            if pad.unlink(sink):
                sink.send_event(Gst.Event.new_eos())
            return Gst.PadProbeReturn.REMOVE

        pad.add_probe(Gst.PadProbeType.IDLE, unlink)

    def finish_recording(self):
        (branch, pad), self.branch = self.branch, None
        path = branch.get_by_name("file").get_property("location")
        branch.set_state(Gst.State.NULL)
        self.pipeline.remove(branch)
        self.tee.release_request_pad(pad)
        with self.record.handler_block(self.recording_handler):
            self.record.set_active(False)
        self.record.set_label("Record")
        self.record.set_sensitive(True)
        self.note(f"Recorded {path}")
        if self.closing:
            self.destroy()

    def on_message(self, _, message):
        if message.type == Gst.MessageType.ERROR:
            error, details = message.parse_error()
            # The first line of the details is where in the sources it was; the rest is for people.
            self.fail(error.message, (details or "").partition("\n")[2])
        elif message.type == Gst.MessageType.EOS:
            self.record.set_sensitive(False)
            self.note("The source has ended.")
        elif message.type == Gst.MessageType.ELEMENT and self.branch:
            inner = message.get_structure()
            if inner.get_name() == "GstBinForwarded" and message.src == self.branch[0]:
                if inner.get_value("message").type == Gst.MessageType.EOS:
                    self.finish_recording()

    # --- Window ------------------------------------------------------------------------------

    def build_window(self, options):
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
        self.screen.set_size_request(640, 360)
        box.pack_start(self.screen, True, True, 0)
        bar = Gtk.Box(spacing=6, margin=6)
        box.pack_start(bar, False, False, 0)

        self.record = Gtk.ToggleButton(label="Record")
        self.recording_handler = self.record.connect("toggled", self.on_record)
        bar.pack_start(self.record, False, False, 0)
        # What the element offers is what can be chosen.
        self.methods = Gtk.ComboBoxText()
        kind = self.protector.find_property("method").enum_class
        for value in kind.__enum_values__.values():
            self.methods.append(value.value_nick, value.value_nick)
        self.methods.set_active_id(options.method)
        if not self.methods.get_active_id():
            raise Failure(f"there is no method '{options.method}'; see gst-inspect-1.0 faceperturb")
        self.methods.connect("changed", lambda *_: self.apply())
        bar.pack_start(self.methods, False, False, 0)
        self.regions = Gtk.ComboBoxText()
        for regions in ("eyes+nose+mouth", "face", "head"):
            self.regions.append(regions, regions)
        self.regions.set_active_id(options.regions)
        self.regions.connect("changed", lambda *_: self.apply())
        bar.pack_start(self.regions, False, False, 0)
        self.label = Gtk.Label(xalign=0, ellipsize=3)
        bar.pack_start(self.label, True, True, 0)

        self.add(box)
        self.closing = False
        self.connect("delete-event", self.on_close)
        self.connect("destroy", Gtk.main_quit)
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGINT, self.on_interrupt)
        self.apply()
        GLib.timeout_add(500, self.show_stats)
        self.message = ""

    def apply(self):
        for name, chooser in (("method", self.methods), ("regions", self.regions)):
            Gst.util_set_object_arg(self.protector, name, chooser.get_active_id())

    def on_record(self, button):
        if button.get_active():
            name = datetime.datetime.now().strftime("protected-%Y-%m-%d-%H%M%S.mkv")
            path = os.path.join(self.folder, name)
            self.start_recording(path)
            self.note(f"Recording {path}")
            button.set_label("Stop")
        else:
            button.set_sensitive(False)  # until the file is complete
            self.stop_recording()

    def on_close(self, *_):
        self.closing = True
        if self.branch:
            self.record.set_active(False)  # the file is completed first
        return self.branch is not None

    def on_interrupt(self):
        self.close()  # as its button does, so that a recording is whole
        return GLib.SOURCE_CONTINUE

    def note(self, text):
        self.message = text
        print(text, flush=True)

    def show_stats(self):
        stats = self.protector.get_property("stats")
        counts = ", ".join(f"{stats.get_value(name)} {name}"
                           for name in ("checked", "held", "covered", "faces"))
        self.label.set_text(f"{counts}.  {self.message}")
        return GLib.SOURCE_CONTINUE

    def fail(self, text, details):
        self.pipeline.set_state(Gst.State.NULL)
        print(f"recorder.py: {text}\n  {details}", file=sys.stderr)
        dialog = Gtk.MessageDialog(transient_for=self, message_type=Gtk.MessageType.ERROR,
                                   buttons=Gtk.ButtonsType.CLOSE, text=text,
                                   secondary_text=details)
        dialog.run()
        self.destroy()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", help="a video to show in place of the camera")
    parser.add_argument("--source", default="autovideosrc",
                        help="where the picture comes from, as for gst-launch-1.0; default: "
                        "autovideosrc, the first camera, or a test picture where there is none")
    parser.add_argument("--folder", default=".", help="where recordings go; default: here")
    parser.add_argument("--method", default="average", help="to begin with; default: average")
    parser.add_argument("--regions", default="head", choices=("eyes+nose+mouth", "face", "head"),
                        help="to begin with; default: head")
    options = parser.parse_args()
    Gst.init(None)
    if not Gtk.init_check([])[0]:
        print("recorder.py: there is no screen: set DISPLAY or WAYLAND_DISPLAY", file=sys.stderr)
        return 1
    try:
        window = Recorder(options)
    except Failure as failure:
        print(f"recorder.py: {failure}", file=sys.stderr)
        return 1
    window.show_all()
    window.pipeline.set_state(Gst.State.PLAYING)
    Gtk.main()
    window.pipeline.set_state(Gst.State.NULL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
