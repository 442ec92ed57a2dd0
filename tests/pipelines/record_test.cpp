// SPDX-License-Identifier: LGPL-2.1-or-later
// Records in H.264 and H.265 streams: what the encoders, containers and decoders that users have
// make of them. Every frame shows its number, so that a record on another frame is seen.
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "record_meta.h"
#include "support/faces.h"
#include "support/pipeline.h"
#include "support/rtsp_server.h"

namespace faceperturb::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int width = 160, height = 128, frame_count = 24;
const std::string caps = "video/x-raw,format=I420,width=160,height=128,framerate=25/1";

// Of every size, and of three kinds: any bytes, such as need care in a stream, zeros. (libde265
// takes seconds for the longest of zeros; what is encrypted looks like the first kind.)
Bytes record_of(int frame) {
  constexpr std::size_t sizes[] = {1, 17, 239, 240, 700, 1'400, 3'000, 9'000, 130'000};
  std::mt19937 random(static_cast<unsigned>(frame));
  const int kind = frame == 0 ? 0 : (frame + frame / 9) % 3;
  Bytes record(frame == 0 ? std::size_t{1} << 20 : sizes[frame % 9], 0);
  for (auto& byte : record)
    if (kind == 0 || (kind == 1 && random() % 3 == 0))
      byte = static_cast<std::uint8_t>(kind == 0 ? random() : random() % 5);
  return record;
}

// The number of a frame, in bits of 16x16 pixels at its top left.
constexpr int bits = 5;

void show(const GstVideoFrame& frame, int number) {
  auto* luma = static_cast<std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0));
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 16 * bits; ++x)
      luma[y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0) + x] = number >> (x / 16) & 1 ? 220 : 30;
}

int number_in(const GstVideoFrame& frame) {
  const auto* luma = static_cast<const std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0));
  int number = 0;
  for (int bit = 0; bit < bits; ++bit)
    number |= (luma[8 * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0) + 16 * bit + 8] > 128) << bit;
  return number;
}

GstVideoInfo info_of(GstPad* pad) {
  GstVideoInfo info;
  const CapsPtr current(gst_pad_get_current_caps(pad));
  EXPECT_TRUE(gst_video_info_from_caps(&info, current.get()));
  return info;
}

// Raw frames with numbers and records, from an element "f".
const std::string frames = "videotestsrc pattern=ball num-buffers=" + std::to_string(frame_count) +
                           " ! " + caps + " ! identity name=f";

void give_records(Pipeline& pipeline) {
  pipeline.on_buffer("f", "src", [number = 0](GstPad* pad, GstBuffer* buffer) mutable {
    ASSERT_TRUE(gst_buffer_is_writable(buffer));
    show(Mapped(info_of(pad), buffer, GST_MAP_READWRITE).frame, number);
    attach_record(buffer, record_of(number++));
  });
}

struct Shown {
  Bytes luma;
  std::optional<Bytes> record;
};

// Plays a pipeline with the decoder "d": every frame by its number.
std::map<int, Shown> play(const std::string& description) {
  std::map<int, Shown> shown;
  Pipeline pipeline(description);
  pipeline.on_buffer("d", "src", [&](GstPad* pad, GstBuffer* buffer) {
    const Mapped mapped(info_of(pad), buffer);
    const auto* luma =
        static_cast<const std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&mapped.frame, 0));
    Shown frame{{}, attached_record(buffer)};
    for (int y = 0; y < height; ++y) {
      const auto* row = luma + y * GST_VIDEO_FRAME_PLANE_STRIDE(&mapped.frame, 0);
      frame.luma.insert(frame.luma.end(), row, row + width);
    }
    const int number = number_in(mapped.frame);
    EXPECT_TRUE(shown.emplace(number, std::move(frame)).second) << "frame " << number << " twice";
  });
  EXPECT_EQ(pipeline.run(), "") << description;
  EXPECT_EQ(shown.size(), std::size_t{frame_count}) << description;
  return shown;
}

void expect_records(const std::map<int, Shown>& shown) {
  for (const auto& [number, frame] : shown) {
    ASSERT_TRUE(frame.record) << "frame " << number << " has lost its record";
    // Not EXPECT_EQ: it would print a megabyte.
    EXPECT_TRUE(*frame.record == record_of(number)) << "frame " << number;
  }
}

struct Codec {
  std::string name;  // of its elements: h264
  std::string encoder;
  std::string other_decoder;  // that shows its pictures as libav's does
};

struct Container {
  std::string muxer, demuxer;
};

const Codec codecs[] = {
    {"h264", "x264enc speed-preset=veryfast bframes=3 b-adapt=false key-int-max=12",
     ""},  // openh264dec gets B-frames wrong, with records and without
    {"h264", "openh264enc gop-size=12", "openh264dec"},
    {"h265", "x265enc speed-preset=ultrafast key-int-max=12 option-string=bframes=3:b-adapt=0",
     "libde265dec"},
};
const Container containers[] = {
    {"mp4mux", "qtdemux"}, {"matroskamux", "matroskademux"}, {"mpegtsmux", "tsdemux"}};

std::string reader(const std::string& file, const std::string& demuxer, const std::string& codec) {
  return "filesrc location=" + file + " ! " + demuxer + " ! " + codec + "parse ! ";
}

class Records : public testing::TestWithParam<Codec> {
 protected:
  // Encodes numbered frames and records into a Matroska file, "in.mkv".
  std::string encode() {
    const std::string file = (folder / "in.mkv").string();
    Pipeline pipeline(frames + " ! " + codec.encoder + " ! " + codec.name + "parse" +
                      " ! facerecordinsert ! matroskamux ! filesink location=" + file);
    give_records(pipeline);
    EXPECT_EQ(pipeline.run(), "");
    return file;
  }
  std::string decoder() const {
    return "facerecordextract ! avdec_" + codec.name + " name=d ! fakesink";
  }

  const Codec codec = GetParam();
  const TemporaryFolder folder;
};

INSTANTIATE_TEST_SUITE_P(Encoders, Records, testing::ValuesIn(codecs), [](const auto& info) {
  return info.param.encoder.substr(0, info.param.encoder.find(' '));
});

TEST_P(Records, SurviveTheContainersAndChangeNoPicture) {
  for (const auto& [muxer, demuxer] : containers) {
    SCOPED_TRACE(muxer);
    const std::string with = (folder / "with").string(), without = (folder / "without").string();
    bool reordered = false;
    {
      Pipeline pipeline(frames + " ! " + codec.encoder + " ! tee name=t" +  //
                        " t. ! queue ! " + codec.name + "parse ! identity name=e" +
                        " ! facerecordinsert ! " + muxer + " ! filesink location=" + with +
                        " t. ! queue ! " + codec.name + "parse ! " + muxer +
                        " ! filesink location=" + without);
      give_records(pipeline);
      GstClockTime last = 0;
      pipeline.on_buffer("e", "src", [&](GstPad*, GstBuffer* buffer) {
        reordered |= GST_BUFFER_PTS(buffer) < last;
        last = GST_BUFFER_PTS(buffer);
      });
      ASSERT_EQ(pipeline.run(), "");
    }
    EXPECT_EQ(reordered, codec.encoder.find("bframes") != std::string::npos);
    const auto shown = play(reader(with, demuxer, codec.name) + decoder());
    expect_records(shown);
    const auto plain = play(reader(without, demuxer, codec.name) + decoder());
    for (const auto& [number, frame] : plain) {
      EXPECT_FALSE(frame.record);
      EXPECT_TRUE(frame.luma == shown.at(number).luma) << "frame " << number;
    }
  }
}

TEST_P(Records, SurviveRemuxing) {
  std::string file = encode(), demuxer = "matroskademux";
  for (const auto& container : containers) {
    const std::string next = (folder / container.muxer).string();
    Pipeline pipeline(reader(file, demuxer, codec.name) + container.muxer +
                      " ! filesink location=" + next);
    ASSERT_EQ(pipeline.run(), "");
    file = next;
    demuxer = container.demuxer;
  }
  expect_records(play(reader(file, demuxer, codec.name) + decoder()));
}

TEST_P(Records, AreWrittenOnceHoweverOften) {
  const std::string file = encode(), again = (folder / "again.mkv").string();
  Pipeline pipeline(reader(file, "matroskademux", codec.name) +
                    "facerecordextract ! facerecordinsert ! facerecordinsert ! matroskamux"
                    " ! filesink location=" +
                    again);
  ASSERT_EQ(pipeline.run(), "");
  EXPECT_NEAR(static_cast<double>(std::filesystem::file_size(again)),
              static_cast<double>(std::filesystem::file_size(file)), 1'000);
  expect_records(play(reader(again, "matroskademux", codec.name) + decoder()));
}

TEST_P(Records, SurviveAnRtspHop) {
  const RtspServer server(encode(), codec.name);
  ASSERT_TRUE(server.runs()) << "no port on 127.0.0.1";
  expect_records(play("rtspsrc location=" + server.address() + " protocols=tcp ! rtp" + codec.name +
                      "depay ! " + codec.name + "parse ! " + decoder()));
}

TEST_P(Records, AreLostInATranscode) {
  const std::string in = encode(), out = (folder / "out.mkv").string();
  Pipeline pipeline(reader(in, "matroskademux", codec.name) + "facerecordextract ! avdec_" +
                    codec.name + " ! " + codec.encoder + " ! " + codec.name +
                    "parse ! matroskamux ! filesink location=" + out);
  ASSERT_EQ(pipeline.run(), "");
  for (const auto& [number, frame] : play(reader(out, "matroskademux", codec.name) + decoder()))
    EXPECT_FALSE(frame.record) << "frame " << number;
}

TEST_P(Records, DecodersSkipThem) {
  const auto start = reader(encode(), "matroskademux", codec.name);
  const auto wanted = play(start + decoder());
  std::vector<std::string> decoders = {"avdec_" + codec.name};
  if (!codec.other_decoder.empty())
    decoders.insert(decoders.end(),
                    {codec.other_decoder, "facerecordextract ! " + codec.other_decoder});
  for (const auto& rest : decoders) {
    SCOPED_TRACE(rest);
    const auto shown = play(start + rest + " name=d ! fakesink");
    for (const auto& [number, frame] : shown)
      EXPECT_TRUE(frame.luma == wanted.at(number).luma) << "frame " << number;
    // h264parse reads such messages too.
    if (codec.name == "h264" || rest.starts_with("facerecordextract")) expect_records(shown);
  }
}

}  // namespace
}  // namespace faceperturb::test
