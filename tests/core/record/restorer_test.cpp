// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/restorer.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <optional>
#include <random>

#include "record/recorder.h"
#include "support/faces.h"
#include "support/frames.h"
#include "support/random.h"

namespace faceperturb::test {
namespace {

constexpr std::int64_t ms = 1000000;
constexpr Size size{161, 121};

// Smooth content that moves: neighbours in time look alike, as in video.
void draw(const TestFrame& frame, int number) {
  const FormatInfo& format = *frame.view().format;
  for_each_unit(frame.view(), [&](int, int x, int y, std::uint8_t* unit) {
    const auto& plane = format.planes[0];
    for (int i = 0; i < plane.unit_bytes; ++i) {
      const double value = 128 + 60 * std::sin(0.11 * x + 0.02 * number) +
                           50 * std::cos(0.07 * y - 0.3 * i + 0.01 * number);
      unit[i] = static_cast<std::uint8_t>(value);
    }
  });
}

void add_noise(TestFrame& frame, double sigma) {
  std::mt19937 random(3);
  std::normal_distribution<double> noise(0, sigma);
  for (auto& byte : frame.bytes)
    byte = static_cast<std::uint8_t>(std::clamp(byte + noise(random), 0.0, 255.0));
}

// A stream of frames, clear and protected, and its record.
class Stream {
 public:
  struct Setup {
    Settings settings{};
    const FormatInfo* format = &format_info(PixelFormat::i420);
    Size size = test::size;
    std::optional<Secret> escrow{};
    Secret master = fixed_secret();
    int frames = 20;
    int faces_from = 0;  // frame
    float face = 60;     // pixels
  };

  Stream(const std::string& location, const Setup& setup) : setup_(setup) {
    Recorder recorder({setup.master, setup.escrow, location, 0, true});
    recorder.begin_stream();
    Protector protector(recorder.keys().permutation());
    for (int i = 0; i < setup.frames; ++i) {
      TestFrame frame(*setup.format, setup.size, 5);
      draw(frame, i);
      clear.push_back(frame.bytes);
      Verdict verdict{FrameState::checked, {}, ""};
      if (i >= setup.faces_from) {
        const auto left = static_cast<float>(20 + i % 7);
        verdict.faces = {upright_face({left, 15, setup.face, setup.face}),
                         upright_face({left + 70, 40, setup.face, setup.face})};
      }
      protector.protect(frame.view(), verdict, setup.settings, recorder.next());
      packets.push_back(recorder.finish(i * 40 * ms));
      hidden.push_back(frame.bytes);
    }
    recorder.end_stream();
    counts = recorder.counts();
  }

  TestFrame frame(std::size_t number) const {
    TestFrame result(*setup_.format, setup_.size, 5);
    std::ranges::copy(hidden[number], result.bytes.begin());
    return result;
  }

  std::vector<std::vector<std::uint8_t>> clear, hidden;
  std::vector<Bytes> packets;
  Recorder::Counts counts;

 private:
  Setup setup_;
};

class RestorerTest : public ::testing::Test {
 protected:
  std::string path(const char* name = "record") { return (folder_ / name).string(); }
  Restorer by_file(const std::optional<Secret>& escrow = {}, const char* name = "record") {
    return {fixed_secret(), escrow, std::make_unique<RecordReader>(path(name), fixed_secret())};
  }
  static double error(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return std::sqrt(sum / static_cast<double>(a.size()));
  }

  TemporaryFolder folder_;
};

TEST_F(RestorerTest, EveryByteOfEveryFormatComesBack) {
  int number = 0;
  for (const auto& format : formats()) {
    for (const Size frame_size : {Size{160, 120}, Size{161, 121}}) {
      for (const int cell_size : {1, 3, 8}) {
        {
          const int pixels = std::array{0, 500, 9000}[static_cast<std::size_t>(number % 3)];
          SCOPED_TRACE(describe(format, frame_size) + " cells " + std::to_string(cell_size) +
                       " pixels " + std::to_string(pixels));
          const Regions regions = number % 2 ? Regions::face : Regions::eyes | Regions::mouth;
          const auto name = "record" + std::to_string(number++);
          const Stream stream(
              path(name.c_str()),
              {.settings = {.regions = regions, .pixels = pixels, .cell_size = cell_size},
               .format = &format,
               .size = frame_size,
               .frames = 2});
          Restorer by_packet(fixed_secret(), {}, nullptr);
          Restorer by_record = by_file({}, name.c_str());
          for (std::size_t i = 0; i < 2; ++i) {
            ASSERT_NE(stream.hidden[i], stream.clear[i]);
            TestFrame one = stream.frame(i), other = stream.frame(i);
            const auto a = by_packet.restore(one.view(), -1, stream.packets[i]);
            const auto b =
                by_record.restore(other.view(), static_cast<std::int64_t>(i) * 40 * ms, {});
            EXPECT_EQ(a.outcome, Restored::exactly) << a.fault;
            EXPECT_EQ(b.outcome, Restored::exactly) << b.fault;
            EXPECT_TRUE(one.bytes == stream.clear[i]);
            EXPECT_TRUE(other.bytes == stream.clear[i]);
          }
        }
      }
    }
  }
}

TEST_F(RestorerTest, FramesOfOneEpochShareDrawsAndComeBack) {
  const Stream stream(path(), {.settings = {.rekey_interval = 5}});
  Restorer restorer = by_file();
  for (std::size_t i = 0; i < stream.hidden.size(); ++i) {
    TestFrame frame = stream.frame(i);
    EXPECT_EQ(restorer.restore(frame.view(), static_cast<std::int64_t>(i) * 40 * ms, {}).outcome,
              Restored::exactly);
    EXPECT_TRUE(frame.bytes == stream.clear[i]);
  }
}

// Cut at the start so that time begins at 0 anew, frames left out, twice, and in another order:
// none is restored by a record that is only likely while its own is elsewhere.
TEST_F(RestorerTest, FindsFramesWhateverBecameOfTheirTimes) {
  const Stream stream(path(), {.frames = 60, .faces_from = 10});
  Restorer restorer = by_file();
  std::vector<std::size_t> order;
  for (std::size_t i = 17; i < 60; ++i)
    if (i % 5 != 0) order.push_back(i);
  for (const std::size_t i : {30U, 30U, 12U, 59U, 11U, 3U}) order.push_back(i);
  std::mt19937 random(5);
  for (int jumps = 0; jumps < 200; ++jumps) order.push_back(random() % 60);
  std::int64_t time = 0;
  for (const std::size_t i : order) {
    SCOPED_TRACE(i);
    TestFrame frame = stream.frame(i);
    const auto result = restorer.restore(frame.view(), time, {});
    EXPECT_EQ(result.outcome, i < 10 ? Restored::untouched : Restored::exactly) << result.fault;
    EXPECT_TRUE(frame.bytes == stream.clear[i]);
    time += 33 * ms;
  }
}

// Faces of so few cells that a wrong undo cannot be told from a right one by their looks.
TEST_F(RestorerTest, SmallFacesAreNotRestoredByAnothersRecord) {
  const Stream stream(path(), {.settings = {.cell_size = 4}, .frames = 40, .face = 8});
  Restorer restorer = by_file();
  for (std::size_t i = 17; i < 40; ++i) {
    SCOPED_TRACE(i);
    TestFrame frame = stream.frame(i);
    const auto result =
        restorer.restore(frame.view(), static_cast<std::int64_t>(i - 17) * 40 * ms, {});
    EXPECT_EQ(result.outcome, Restored::exactly) << result.fault;
    EXPECT_TRUE(frame.bytes == stream.clear[i]);
  }
}

TEST_F(RestorerTest, OfAppendedStreamsTheRightOneIsFound) {
  std::vector<Stream> streams;
  for (int n = 0; n < 4; ++n) streams.emplace_back(path(), Stream::Setup{.frames = 5});
  for (const std::size_t n : {2U, 0U, 3U, 1U}) {
    Restorer restorer = by_file();
    for (std::size_t i = 0; i < 5; ++i) {
      TestFrame frame = streams[n].frame(i);
      EXPECT_EQ(restorer.restore(frame.view(), static_cast<std::int64_t>(i) * 40 * ms, {}).outcome,
                Restored::exactly);
      EXPECT_TRUE(frame.bytes == streams[n].clear[i]);
    }
  }
}

// As a lossy codec would leave them. The wrong neighbour is told apart though the pictures look
// alike.
TEST_F(RestorerTest, NoisyFramesComeBackNearly) {
  const Stream stream(path(), {.settings = {.regions = Regions::face}, .frames = 40});
  Restorer restorer = by_file();
  for (std::size_t i = 5; i < 40; i += i % 3 + 1) {
    SCOPED_TRACE(i);
    TestFrame frame = stream.frame(i);
    const double before = error(frame.bytes, stream.clear[i]);
    add_noise(frame, 8);
    const auto result =
        restorer.restore(frame.view(), static_cast<std::int64_t>(i) * 40 * ms + 9 * ms, {});
    EXPECT_EQ(result.outcome, Restored::nearly) << result.fault;
    EXPECT_TRUE(result.verified);
    EXPECT_LT(error(frame.bytes, stream.clear[i]), 9);
    EXPECT_GT(before, 12);
  }
}

// What a codec left of small faces, undone by the records of other frames: hardly ever does chance
// look like the original (4 in 100,000), and their own records do.
TEST_F(RestorerTest, SmallNoisyFacesAreNotTakenForOthers) {
  const Stream stream(path(), {.frames = 60, .face = 16});
  Restorer restorer(fixed_secret(), {}, nullptr);
  int taken = 0;
  for (std::size_t i = 0; i < 60; ++i) {
    for (const std::size_t other : {0U, 1U, 2U, 7U, 13U, 14U, 20U, 21U, 35U}) {
      TestFrame frame = stream.frame(i);
      add_noise(frame, 8);
      const auto result = restorer.restore(frame.view(), -1, stream.packets[(i + other) % 60]);
      if (other > 0)
        taken += result.outcome != Restored::unmatched;
      else
        EXPECT_EQ(result.outcome, Restored::nearly) << i << ": " << result.fault;
    }
  }
  EXPECT_LE(taken, 2) << "of 480";
}

// Never a wrong picture: what does not belong together stays as it is, to the byte.
TEST_F(RestorerTest, WhatDoesNotFitIsLeftAlone) {
  const Stream stream(path(), {});
  const Stream other(path("other"), {});
  Restorer restorer = by_file({}, "other");
  TestFrame frame = stream.frame(7);
  const auto result = restorer.restore(frame.view(), 7 * 40 * ms, {});
  EXPECT_EQ(result.outcome, Restored::unmatched);
  EXPECT_FALSE(result.fault.empty());
  EXPECT_TRUE(frame.bytes == stream.hidden[7]);
  // A packet of another frame of the stream, and of another stream with the same key.
  Restorer by_packet(fixed_secret(), {}, nullptr);
  for (const Bytes& packet : {stream.packets[8], other.packets[7]}) {
    EXPECT_EQ(by_packet.restore(frame.view(), -1, packet).outcome, Restored::unmatched);
    EXPECT_TRUE(frame.bytes == stream.hidden[7]);
  }
  EXPECT_EQ(by_packet.restore(frame.view(), -1, {}).outcome, Restored::unmatched);
  Restorer wrong_key(Secret::random(), {}, nullptr);
  EXPECT_THROW(wrong_key.restore(frame.view(), -1, stream.packets[7]), RecordError);
  // Another size.
  TestFrame small(format_info(PixelFormat::i420), {80, 60});
  const auto misfit = by_packet.restore(small.view(), -1, stream.packets[7]);
  EXPECT_EQ(misfit.outcome, Restored::unmatched);
  EXPECT_NE(misfit.fault.find("161x121"), std::string::npos) << misfit.fault;
}

TEST_F(RestorerTest, CellsMustNotShareTheirColour) {
  const Stream rgb(path(), {.format = &format_info(PixelFormat::y444), .frames = 1});
  TestFrame frame(format_info(PixelFormat::i420), size);
  draw(frame, 0);
  Restorer restorer(fixed_secret(), {}, nullptr);
  const auto result = restorer.restore(frame.view(), -1, rgb.packets[0]);
  EXPECT_EQ(result.outcome, Restored::unmatched);
  EXPECT_NE(result.fault.find("convert to Y444"), std::string::npos) << result.fault;
}

TEST_F(RestorerTest, CoveredFramesStayCovered) {
  Recorder recorder({fixed_secret(), {}, path(), 0, false});
  recorder.begin_stream();
  Protector protector(recorder.keys().permutation());
  TestFrame frame(format_info(PixelFormat::nv12), size);
  Verdict verdict{FrameState::covered, {}, "a test"};
  protector.protect(frame.view(), verdict, {}, recorder.next());
  EXPECT_TRUE(recorder.finish(0).empty());
  recorder.end_stream();
  Restorer restorer = by_file();
  EXPECT_EQ(restorer.restore(frame.view(), 0, {}).outcome, Restored::covered);
}

TEST_F(RestorerTest, EscrowBringsEveryMethodBackThroughAnyCodec) {
  const Secret escrow(std::array<std::uint8_t, 32>{7});
  for (const MethodInfo& method : methods()) {
    for (const auto format : {PixelFormat::i420, PixelFormat::rgb, PixelFormat::p010_10le}) {
      SCOPED_TRACE(method.name);
      const auto name = std::string(method.name) + std::string(format_info(format).name);
      const Stream stream(path(name.c_str()),
                          {.settings = {.method = method.method, .regions = Regions::face},
                           .format = &format_info(format),
                           .escrow = escrow,
                           .frames = 3});
      Restorer restorer = by_file(escrow, name.c_str());
      for (std::size_t i = 0; i < 3; ++i) {
        TestFrame frame = stream.frame(i);
        const auto result =
            restorer.restore(frame.view(), static_cast<std::int64_t>(i) * 40 * ms, {});
        EXPECT_EQ(result.outcome, Restored::exactly) << result.fault;
        EXPECT_TRUE(frame.bytes == stream.clear[i]);
        // After a codec the regions are the source's all the same.
        if (format == PixelFormat::p010_10le) continue;
        TestFrame lossy = stream.frame(i);
        add_noise(lossy, 6);
        const auto noisy = lossy.bytes;
        const auto again =
            restorer.restore(lossy.view(), static_cast<std::int64_t>(i) * 40 * ms, {});
        EXPECT_EQ(again.outcome, Restored::nearly) << again.fault;
        std::size_t restored = 0;
        for (std::size_t k = 0; k < noisy.size(); ++k) {
          if (stream.hidden[i][k] == stream.clear[i][k]) continue;
          ++restored;
          ASSERT_EQ(lossy.bytes[k], stream.clear[i][k]);
        }
        EXPECT_GT(restored, 1000U);
      }
      // Neither the stream's key alone nor another escrow key is enough, if the method has no undo.
      if (method.undo) continue;
      TestFrame frame = stream.frame(0);
      EXPECT_EQ(by_file({}, name.c_str()).restore(frame.view(), 0, {}).outcome, Restored::locked);
      const auto wrong = by_file(Secret::random(), name.c_str()).restore(frame.view(), 0, {});
      EXPECT_EQ(wrong.outcome, Restored::locked);
      EXPECT_NE(wrong.fault.find("escrow key"), std::string::npos) << wrong.fault;
      EXPECT_TRUE(frame.bytes == stream.hidden[0]);
    }
  }
}

TEST_F(RestorerTest, ARecordWithoutFacesIsSmall) {
  const Stream stream(path(), {.frames = 10, .faces_from = 10});
  EXPECT_EQ(stream.counts.frames, 10U);
  EXPECT_EQ(stream.counts.faces, 0U);
  EXPECT_LT(stream.counts.bytes, 10 * 130U);
}

}  // namespace
}  // namespace faceperturb::test
