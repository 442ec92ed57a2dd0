// SPDX-License-Identifier: LGPL-2.1-or-later
#include "picture_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "common/failure.h"

namespace protect {

using examples::Failure;

namespace {

constexpr int as_stored = cv::IMREAD_ANYCOLOR | cv::IMREAD_ANYDEPTH | cv::IMREAD_IGNORE_ORIENTATION;

std::vector<uchar> bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::vector<uchar> bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in && !in.eof()) throw Failure("it cannot be read");
  if (bytes.empty()) throw Failure("it is empty");
  return bytes;
}

bool is_jpeg(const std::vector<uchar>& bytes) {
  return bytes.size() > 2 && bytes[0] == 0xff && bytes[1] == 0xd8;
}

// Whether a JPEG file has its end. libjpeg only warns of one that has not, and makes up the rest.
// Segments are skipped: a thumbnail in one of them has an end of its own.
bool is_whole(const std::vector<uchar>& jpeg) {
  constexpr uchar scan = 0xda, end = 0xd9;
  std::size_t at = 2;
  while (at + 4 <= jpeg.size() && jpeg[at] == 0xff && jpeg[at + 1] != scan)
    at += jpeg[at + 1] == 0xff ? 1 : 2 + std::size_t{jpeg[at + 2]} * 256 + jpeg[at + 3];
  constexpr std::array<uchar, 2> marker{0xff, end};
  return at < jpeg.size() && std::search(jpeg.begin() + static_cast<std::ptrdiff_t>(at), jpeg.end(),
                                         marker.begin(), marker.end()) != jpeg.end();
}

// What EXIF numbers: 1 as it is, 2 mirrored, 3 on its head, 4 both; 5 to 8 the same, after rows and
// columns have changed places, in another order.
cv::Mat upright(const cv::Mat& stored, int orientation) {
  cv::Mat turned = orientation > 4 ? stored.t() : stored;
  constexpr int none = 2, both = -1, across = 1, down = 0;  // as cv::flip() has it
  constexpr std::array<int, 9> flips{none, none, across, both, down, none, across, both, down};
  const int flip = flips.at(static_cast<std::size_t>(orientation));
  if (flip == none) return turned;
  cv::Mat flipped;
  cv::flip(turned, flipped, flip);
  return flipped;
}

// The transparency of a picture, beside its colours.
cv::Mat with_alpha(const cv::Mat& plain, const std::vector<uchar>& bytes, std::string& note) {
  cv::Mat stored = cv::imdecode(bytes, cv::IMREAD_UNCHANGED);
  if (stored.channels() != 4) return plain;
  if (stored.depth() == CV_16U) stored.convertTo(stored, CV_8U, 1 / 257.0);
  cv::Mat colours;
  cv::cvtColor(stored, colours, cv::COLOR_BGRA2BGR);
  if (colours.size() == plain.size() && colours.type() == plain.type() &&
      cv::norm(colours, plain, cv::NORM_INF) <= 1)
    return stored;
  note = "its transparency is left out";
  return plain;
}

}  // namespace

Picture read_picture(const std::filesystem::path& file) {
  const auto bytes = bytes_of(file);
  if (is_jpeg(bytes) && !is_whole(bytes)) throw Failure("it is cut short: the JPEG has no end");
  Picture picture;
  cv::Mat& pixels = picture.pixels;
  try {
    pixels = cv::imdecode(bytes, as_stored);
    if (!pixels.empty() && !is_jpeg(bytes) && pixels.channels() == 3) {
      if (pixels.depth() == CV_16U) pixels.convertTo(pixels, CV_8U, 1 / 257.0);
      pixels = with_alpha(pixels, bytes, picture.note);
    }
  } catch (const cv::Exception&) {
    pixels.release();
  }
  if (pixels.empty())
    throw Failure("it is no picture that can be read: damaged, cut short or of another kind");
  if (pixels.depth() == CV_16U) pixels.convertTo(pixels, CV_8U, 1 / 257.0);
  if (pixels.depth() != CV_8U) throw Failure("its pixels are not of 8 or 16 bits");
  picture.metadata = read_metadata({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  pixels = upright(pixels, picture.metadata.orientation);
  return picture;
}

void write_picture(const Picture& picture, const examples::OutputFile& output, int jpeg_quality) {
  const std::string suffix = output.suffix();
  const cv::Mat& pixels = picture.pixels;
  cv::Mat fitting = pixels;
  if (suffix == ".pgm" && pixels.channels() > 1)
    cv::cvtColor(pixels, fitting,
                 pixels.channels() == 4 ? cv::COLOR_BGRA2GRAY : cv::COLOR_BGR2GRAY);
  else if (pixels.channels() == 4 && suffix != ".png" && suffix != ".webp" &&
           !suffix.starts_with(".tif"))
    cv::cvtColor(pixels, fitting, cv::COLOR_BGRA2BGR);
  else if (suffix == ".ppm" && pixels.channels() == 1)
    cv::cvtColor(pixels, fitting, cv::COLOR_GRAY2BGR);
  std::vector<uchar> bytes;
  const std::vector<int> quality{cv::IMWRITE_JPEG_QUALITY, jpeg_quality, cv::IMWRITE_WEBP_QUALITY,
                                 jpeg_quality};
  bool encoded = false;
  try {
    encoded = cv::imencode(suffix, fitting, bytes, quality);
  } catch (const cv::Exception&) {
  }
  if (!encoded) throw Failure("the picture cannot be written as " + suffix);
  add_metadata(picture.metadata, fitting.cols, fitting.rows, fitting.channels(), bytes);
  errno = 0;
  std::ofstream out(output.temporary(), std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw Failure("cannot write '" + output.path().string() + "': " + std::strerror(errno));
}

}  // namespace protect
