#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sends a video with protected faces over WebRTC to itself, and records what arrives.

Between two machines the offer, the answer and the candidates would travel over a signalling server;
here each side hands them to the other. Needs Debian's python3-gi, gir1.2-gst-plugins-bad-1.0 and
gstreamer1.0-nice.
"""

import os
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC

SENDER = ("filesrc name=in ! decodebin ! videoconvert ! faceperturb method=average regions=head"
          " ! videoconvert ! vp8enc deadline=1 cpu-used=8 target-bitrate=2000000 keyframe-max-dist=50"
          " ! rtpvp8pay ! application/x-rtp,media=video,encoding-name=VP8,payload=96"
          " ! webrtcbin name=sender bundle-policy=max-bundle")
RECEIVER = "webrtcbin name=receiver bundle-policy=max-bundle"
STORE = "rtpvp8depay ! queue ! matroskamux name=mux ! filesink name=out"


class Loopback:
    def __init__(self, source, target):
        self.loop = GLib.MainLoop()
        self.failure = None
        self.pipeline = Gst.parse_launch(f"{SENDER}  {RECEIVER}")
        self.pipeline.get_by_name("in").set_property("location", source)
        self.target = target
        self.sender = self.pipeline.get_by_name("sender")
        self.receiver = self.pipeline.get_by_name("receiver")
        self.sender.connect("on-negotiation-needed", self.on_negotiation_needed)
        self.sender.connect("on-ice-candidate", lambda _, line, candidate:
                            self.receiver.emit("add-ice-candidate", line, candidate))
        self.receiver.connect("on-ice-candidate", lambda _, line, candidate:
                              self.sender.emit("add-ice-candidate", line, candidate))
        self.receiver.connect("pad-added", self.on_pad)

    def on_negotiation_needed(self, sender):
        sender.emit("create-offer", None, Gst.Promise.new_with_change_func(self.on_offer))

    def on_offer(self, promise):
        reply = promise.get_reply()  # it owns the offer
        offer = reply.get_value("offer")
        self.sender.emit("set-local-description", offer, None)
        self.receiver.emit("set-remote-description", offer,
                           Gst.Promise.new_with_change_func(self.on_remote_set))

    def on_remote_set(self, _):
        self.receiver.emit("create-answer", None,
                           Gst.Promise.new_with_change_func(self.on_answer))

    def on_answer(self, promise):
        reply = promise.get_reply()
        answer = reply.get_value("answer")
        self.receiver.emit("set-local-description", answer, None)
        self.sender.emit("set-remote-description", answer, None)

    def on_pad(self, _, pad):
        if pad.direction != Gst.PadDirection.SRC:
            return
        store = Gst.parse_bin_from_description(STORE, True)
        store.get_by_name("out").set_property("location", self.target)
        store.set_property("message-forward", True)  # its end, not only the whole pipeline's
        self.pipeline.add(store)
        store.sync_state_with_parent()
        pad.link(store.get_static_pad("sink"))
        self.store = store

    def on_message(self, _, message):
        if message.type == Gst.MessageType.ERROR:
            error, details = message.parse_error()
            self.failure = f"{error.message}\n  {details}"
            self.loop.quit()
        elif message.type == Gst.MessageType.ELEMENT:
            inner = message.get_structure()
            if inner.get_name() == "GstBinForwarded":
                if inner.get_value("message").type == Gst.MessageType.EOS:
                    self.loop.quit()

    def run(self):
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message", self.on_message)
        # webrtcbin passes no end of stream on: the file's is given to what stores it.
        decoded = self.sender.get_static_pad("sink_0")
        decoded.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, self.on_event)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        return self.failure

    def on_event(self, _, info):
        if info.get_event().type == Gst.EventType.EOS:
            GLib.timeout_add(1000, self.finish)  # ms, for what is under way
        return Gst.PadProbeReturn.OK

    def finish(self):
        self.store.get_static_pad("sink").send_event(Gst.Event.new_eos())
        return GLib.SOURCE_REMOVE


def main():
    if len(sys.argv) != 3 or not os.path.isfile(sys.argv[1]):
        print("usage: webrtc_loopback.py VIDEO OUT.mkv", file=sys.stderr)
        return 1
    Gst.init(None)
    try:
        failure = Loopback(sys.argv[1], sys.argv[2]).run()
    except GLib.Error as error:
        failure = f"{error.message}: gstreamer1.0-plugins-bad and gstreamer1.0-nice have webrtcbin"
    if failure:
        print(f"webrtc_loopback.py: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
