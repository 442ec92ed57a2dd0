// SPDX-License-Identifier: LGPL-2.1-or-later
// What stays of the metadata of pictures and videos, and what never does.
#include <gtest/gtest.h>
#include <libexif/exif-data.h>
#include <zlib.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <random>

#include "eval/scene.h"
#include "protect/exif.h"
#include "protect/picture_file.h"
#include "support/faces.h"
#include "support/pipeline.h"
#include "support/scenes.h"

namespace faceperturb::test {
namespace {

using protect::Metadata;
using protect::Picture;
using namespace std::string_literals;

constexpr char secret[] = "SECRET";  // in all that must not stay

void write(const std::filesystem::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary) << content;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string encoded(const char* suffix, const cv::Mat& picture) {
  std::vector<uchar> bytes;
  cv::imencode(suffix, picture, bytes);
  return {bytes.begin(), bytes.end()};
}

// Whether a JPEG begins in it after the first byte. Its first three bytes alone say nothing: a
// compressed picture has them by chance now and then.
bool holds_jpeg(const std::string& file) {
  for (std::size_t at = 0; (at = file.find("\xff\xd8\xff", at + 1)) != std::string::npos;)
    if (!cv::imdecode(
             std::vector<uchar>(file.begin() + static_cast<std::ptrdiff_t>(at), file.end()),
             cv::IMREAD_UNCHANGED)
             .empty())
      return true;
  return false;
}

std::string big(std::size_t number, int size) {
  std::string bytes;
  while (size-- > 0) bytes += static_cast<char>(number >> 8 * size & 0xff);
  return bytes;
}

std::string segment(char marker, const std::string& bytes) {
  return "\xff"s + marker + big(bytes.size() + 2, 2) + bytes;
}

std::string chunk(const std::string& kind, const std::string& bytes) {
  const std::string body = kind + bytes;
  const auto sum =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big(bytes.size(), 4) + body + big(sum, 4);
}

std::string deflated(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()), &size,
           reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  return out.substr(0, size);
}

std::string profile(const char* space, std::size_t size = 400) {
  std::string bytes = big(size, 4) + std::string(size - 4, 'p');
  return bytes.replace(16, 4, space).replace(36, 4, "acsp");
}

using DataPtr = std::unique_ptr<ExifData, decltype(&exif_data_unref)>;

void add(ExifData* data, ExifIfd where, int tag, ExifFormat format, unsigned long count,
         const std::string& bytes) {
  ExifMem* memory = exif_mem_new_default();
  ExifEntry* entry = exif_entry_new_mem(memory);
  entry->tag = static_cast<ExifTag>(tag);
  entry->format = format;
  entry->components = count;
  entry->size = static_cast<unsigned>(bytes.size());
  entry->data = static_cast<unsigned char*>(exif_mem_alloc(memory, entry->size));
  std::memcpy(entry->data, bytes.data(), bytes.size());
  exif_content_add_entry(data->ifd[where], entry);
  exif_entry_unref(entry);
  exif_mem_unref(memory);
}

void add_text(ExifData* data, ExifIfd where, int tag, const std::string& text) {
  add(data, where, tag, EXIF_FORMAT_ASCII, text.size() + 1, text + '\0');
}

// A camera's block, with a thumbnail, a maker note and names; "Exif\0\0" and what follows.
std::string camera_exif(int orientation, const std::string& thumbnail) {
  const DataPtr data(exif_data_new(), exif_data_unref);
  exif_data_unset_option(data.get(), EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
  exif_data_set_byte_order(data.get(), EXIF_BYTE_ORDER_MOTOROLA);
  const auto number = [](std::size_t value) { return big(value, 4); };
  add_text(data.get(), EXIF_IFD_0, EXIF_TAG_MAKE, "A maker");
  add_text(data.get(), EXIF_IFD_0, EXIF_TAG_MODEL, "A model");
  add_text(data.get(), EXIF_IFD_0, EXIF_TAG_ARTIST, "An artist");
  add_text(data.get(), EXIF_IFD_0, EXIF_TAG_IMAGE_DESCRIPTION, "A description");
  add(data.get(), EXIF_IFD_0, EXIF_TAG_ORIENTATION, EXIF_FORMAT_SHORT, 1,
      big(static_cast<std::size_t>(orientation), 2));
  add(data.get(), EXIF_IFD_0, EXIF_TAG_X_RESOLUTION, EXIF_FORMAT_RATIONAL, 1,
      number(300) + number(1));
  add(data.get(), EXIF_IFD_0, EXIF_TAG_Y_RESOLUTION, EXIF_FORMAT_RATIONAL, 1,
      number(200) + number(1));
  add_text(data.get(), EXIF_IFD_EXIF, EXIF_TAG_DATE_TIME_ORIGINAL, "2024:05:06 07:08:09");
  add(data.get(), EXIF_IFD_EXIF, EXIF_TAG_EXPOSURE_TIME, EXIF_FORMAT_RATIONAL, 1,
      number(1) + number(250));
  add(data.get(), EXIF_IFD_EXIF, EXIF_TAG_USER_COMMENT, EXIF_FORMAT_UNDEFINED, 17,
      "ASCII\0\0\0A comment"s);
  add_text(data.get(), EXIF_IFD_GPS, EXIF_TAG_GPS_LATITUDE_REF, "N");
  add(data.get(), EXIF_IFD_GPS, EXIF_TAG_GPS_LATITUDE, EXIF_FORMAT_RATIONAL, 3,
      number(48) + number(1) + number(12) + number(1) + number(0) + number(1));
  // What must not stay.
  add(data.get(), EXIF_IFD_EXIF, EXIF_TAG_MAKER_NOTE, EXIF_FORMAT_UNDEFINED, 6 + thumbnail.size(),
      secret + thumbnail);
  add_text(data.get(), EXIF_IFD_EXIF, EXIF_TAG_BODY_SERIAL_NUMBER, secret);
  add_text(data.get(), EXIF_IFD_EXIF, EXIF_TAG_CAMERA_OWNER_NAME, secret);
  add(data.get(), EXIF_IFD_0, EXIF_TAG_XP_KEYWORDS, EXIF_FORMAT_BYTE, 6, secret);
  add(data.get(), EXIF_IFD_0, EXIF_TAG_SOFTWARE, EXIF_FORMAT_UNDEFINED, thumbnail.size(),
      thumbnail);  // a picture where there should be a text
  add_text(data.get(), EXIF_IFD_0, EXIF_TAG_COPYRIGHT, secret + thumbnail);
  data->data = static_cast<unsigned char*>(std::malloc(thumbnail.size()));
  data->size = static_cast<unsigned>(thumbnail.size());
  std::memcpy(data->data, thumbnail.data(), thumbnail.size());
  unsigned char* bytes = nullptr;
  unsigned size = 0;
  exif_data_save_data(data.get(), &bytes, &size);
  const std::string block(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return block;
}

std::string small_copy(const cv::Mat& picture) {
  cv::Mat small;
  cv::resize(picture, small, {48, 48});
  return encoded(".jpg", small);
}

// A JPEG of a camera that was turned to the left.
std::string camera_jpeg(const cv::Mat& upright) {
  cv::Mat stored;
  cv::rotate(upright, stored, cv::ROTATE_90_COUNTERCLOCKWISE);
  const std::string jpeg = encoded(".jpg", stored), thumbnail = small_copy(upright);
  return jpeg.substr(0, 2) +
         segment('\xe0', "JFIF\0\1\1\1\1\x2c\0\xc8\0\0"s) +  // 300 by 200 dots per inch
         segment('\xe1', camera_exif(6, thumbnail)) +
         segment('\xe1', "http://ns.adobe.com/xap/1.0/\0<mwg-rs:Name>"s + secret) +
         segment('\xe2', "ICC_PROFILE\0\1\1"s + profile("RGB ")) +
         segment('\xe2', "MPF\0"s + secret) + segment('\xe0', "JFXX\0\x10"s + thumbnail) +
         segment('\xed', "Photoshop 3.0\0"s + secret) + segment('\xfe', "Another comment") +
         segment('\xfe', "\1\2"s + secret) + jpeg.substr(20) + secret + thumbnail;
}

std::string value(ExifData* data, ExifIfd where, int tag) {
  ExifEntry* entry = exif_content_get_entry(data->ifd[where], static_cast<ExifTag>(tag));
  std::array<char, 200> text{};
  return entry ? exif_entry_get_value(entry, text.data(), text.size()) : "";
}

DataPtr parsed(const std::string& block) {
  const std::string whole = "Exif\0\0"s + block;
  DataPtr data(exif_data_new(), exif_data_unref);
  exif_data_unset_option(data.get(), EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
  exif_data_load_data(data.get(), reinterpret_cast<const unsigned char*>(whole.data()),
                      static_cast<unsigned>(whole.size()));
  return data;
}

void expect_kept(const Metadata& metadata) {
  const DataPtr data = parsed(metadata.exif);
  EXPECT_EQ(metadata.orientation, 1);
  EXPECT_EQ(value(data.get(), EXIF_IFD_0, EXIF_TAG_ORIENTATION), "Top-left");
  EXPECT_EQ(value(data.get(), EXIF_IFD_0, EXIF_TAG_MAKE), "A maker");
  EXPECT_EQ(value(data.get(), EXIF_IFD_0, EXIF_TAG_MODEL), "A model");
  EXPECT_EQ(value(data.get(), EXIF_IFD_0, EXIF_TAG_ARTIST), "An artist");
  EXPECT_EQ(value(data.get(), EXIF_IFD_0, EXIF_TAG_IMAGE_DESCRIPTION), "A description");
  EXPECT_EQ(value(data.get(), EXIF_IFD_0, EXIF_TAG_X_RESOLUTION), "200");  // it was turned
  EXPECT_EQ(value(data.get(), EXIF_IFD_0, EXIF_TAG_Y_RESOLUTION), "300");
  EXPECT_EQ(value(data.get(), EXIF_IFD_EXIF, EXIF_TAG_DATE_TIME_ORIGINAL), "2024:05:06 07:08:09");
  EXPECT_EQ(value(data.get(), EXIF_IFD_EXIF, EXIF_TAG_EXPOSURE_TIME), "1/250 sec.");
  EXPECT_EQ(value(data.get(), EXIF_IFD_EXIF, EXIF_TAG_USER_COMMENT), "A comment");
  EXPECT_EQ(value(data.get(), EXIF_IFD_GPS, EXIF_TAG_GPS_LATITUDE), "48, 12,  0");
  EXPECT_EQ(value(data.get(), EXIF_IFD_0, EXIF_TAG_SOFTWARE), "");
  EXPECT_EQ(value(data.get(), EXIF_IFD_0, EXIF_TAG_COPYRIGHT), "");
  EXPECT_EQ(data->ifd[EXIF_IFD_1]->count, 0U);
  EXPECT_EQ(data->size, 0U);
}

// That no picture but the one is in a file, and nothing that was to go.
void expect_no_trace(const std::string& file, const std::string& thumbnail) {
  EXPECT_FALSE(contains(file, secret));
  EXPECT_FALSE(contains(file, thumbnail.substr(thumbnail.size() / 2, 40)));
  EXPECT_TRUE(holds_jpeg("before" + thumbnail));
  EXPECT_FALSE(holds_jpeg(file));
  EXPECT_FALSE(contains(file, "adobe"));
}

int run(const std::string& arguments) {
  return std::system((PROTECT_PROGRAM " " + arguments + " >/dev/null").c_str());
}

TEST(Metadata, AJpegKeepsWhatIsHarmlessAndNoOtherPicture) {
  const TemporaryFolder folder;
  const cv::Mat clear = portrait().bgr;
  const std::string in = (folder / "in.jpg").string(), thumbnail = small_copy(clear);
  write(in, camera_jpeg(clear));
  const Rect eyes = features(portrait().faces[0].box);
  for (const char* name : {"out.jpg", "out.png", "out.webp"}) {
    SCOPED_TRACE(name);
    const auto out = folder / name;
    ASSERT_EQ(run(in + " " + out.string()), 0);
    const std::string bytes = read_file(out);
    expect_no_trace(bytes, thumbnail);
    const Metadata metadata = protect::read_metadata(bytes);
    expect_kept(metadata);
    EXPECT_EQ(metadata.profile, profile("RGB "));
    if (std::string(name) != "out.webp") {  // which has no place for them
      EXPECT_EQ(metadata.texts, (decltype(metadata.texts){{"Comment", "Another comment"}}));
      EXPECT_NEAR(metadata.across * 0.0254, 200, 0.1);
      EXPECT_NEAR(metadata.down * 0.0254, 300, 0.1);
    }
    const cv::Mat picture =
        cv::imread(out.string(), cv::IMREAD_IGNORE_ORIENTATION | cv::IMREAD_COLOR);
    ASSERT_EQ(picture.size(), clear.size());
    EXPECT_GT(difference(clear, picture, eyes), 3);
    EXPECT_LT(difference(clear, picture, {0, 0, 20, 20}), 8);
  }
}

TEST(Metadata, PicturesStrippedOfAllTheyAreStillUpright) {
  const TemporaryFolder folder;
  const cv::Mat clear = portrait().bgr;
  const auto in = folder / "in.jpg", out = folder / "out.jpg";
  write(in, camera_jpeg(clear));
  ASSERT_EQ(run("--strip-metadata " + in.string() + " " + out.string()), 0);
  const std::string bytes = read_file(out);
  expect_no_trace(bytes, small_copy(clear));
  for (const char* word : {"Exif", "ICC", "comment", "maker", "artist"})
    EXPECT_FALSE(contains(bytes, word)) << word;
  EXPECT_TRUE(protect::read_metadata(bytes).empty());
  const cv::Mat picture =
      cv::imread(out.string(), cv::IMREAD_IGNORE_ORIENTATION | cv::IMREAD_COLOR);
  ASSERT_EQ(picture.size(), clear.size());
  EXPECT_LT(difference(clear, picture, {0, 0, 20, 20}), 8);
}

TEST(Metadata, APngKeepsItsTextsItsTransparencyAndItsDirection) {
  const TemporaryFolder folder;
  const cv::Mat clear = portrait().bgr;
  cv::Mat stored, with_alpha;
  cv::rotate(clear, stored, cv::ROTATE_180);
  cv::cvtColor(stored, with_alpha, cv::COLOR_BGR2BGRA);
  with_alpha(cv::Rect(0, 0, 10, 10)) = cv::Scalar(1, 2, 3, 50);
  const std::string png = encoded(".png", with_alpha), thumbnail = small_copy(clear);
  const std::string exif = camera_exif(3, thumbnail).substr(6);
  write(folder / "in.png", png.substr(0, 33) + chunk("pHYs", big(2000, 4) + big(3000, 4) + '\1') +
                               chunk("iCCP", "any\0\0"s + deflated(profile("RGB "))) +
                               chunk("eXIf", exif) + chunk("tEXt", "Title\0A title\xe9"s) +
                               chunk("zTXt", "Author\0\0"s + deflated("Ann")) +
                               chunk("iTXt", "Comment\0\0\0\0\0A comment \xc3\xa9"s) +
                               chunk("iTXt", "Description\0\1\0de\0was\0"s + deflated("packed")) +
                               chunk("iTXt", "XML:com.adobe.xmp\0\0\0\0\0"s + secret) +
                               chunk("tEXt", "Raw profile type exif\0"s + secret) +
                               chunk("tEXt", "Comment\0"s + secret + std::string(5000, 'x')) +
                               chunk("meOw", secret + thumbnail) + png.substr(33));
  const auto out = folder / "out.png";
  ASSERT_EQ(run((folder / "in.png").string() + " " + out.string()), 0);
  const std::string bytes = read_file(out);
  expect_no_trace(bytes, thumbnail);
  const Metadata metadata = protect::read_metadata(bytes);
  EXPECT_EQ(metadata.texts, (decltype(metadata.texts){{"Title", "A title\xc3\xa9"},
                                                      {"Author", "Ann"},
                                                      {"Comment", "A comment \xc3\xa9"},
                                                      {"Description", "packed"}}));
  EXPECT_EQ(metadata.profile, profile("RGB "));
  EXPECT_EQ(metadata.across, 2000U);
  EXPECT_EQ(metadata.down, 3000U);
  EXPECT_EQ(value(parsed(metadata.exif).get(), EXIF_IFD_0, EXIF_TAG_ORIENTATION), "Top-left");
  const cv::Mat picture = cv::imread(out.string(), cv::IMREAD_UNCHANGED);
  ASSERT_EQ(picture.channels(), 4);
  EXPECT_EQ(picture.at<cv::Vec4b>(picture.rows - 1, picture.cols - 1), cv::Vec4b(1, 2, 3, 50));
  EXPECT_EQ(picture.at<cv::Vec4b>(0, 0)[3], 255);
}

TEST(Metadata, EveryOrientationBecomesUpright) {
  const TemporaryFolder folder;
  cv::Mat upright(24, 40, CV_8UC3, cv::Scalar(20, 20, 20));
  upright(cv::Rect(0, 0, 20, 12)) = cv::Scalar(250, 20, 20);
  upright(cv::Rect(20, 0, 20, 12)) = cv::Scalar(20, 250, 20);
  const cv::Mat mirrored = [&] {
    cv::Mat result;
    cv::flip(upright, result, 1);
    return result;
  }();
  // How a camera that was held so stores the picture, and the mirror of it.
  const std::pair<int, int> turns[] = {
      {3, cv::ROTATE_180}, {6, cv::ROTATE_90_COUNTERCLOCKWISE}, {8, cv::ROTATE_90_CLOCKWISE}};
  const auto read = [&](const cv::Mat& stored, int orientation) {
    const std::string png = encoded(".png", stored);
    write(folder / "a.png", png.substr(0, 33) +
                                chunk("eXIf", camera_exif(orientation, "none").substr(6)) +
                                png.substr(33));
    return protect::read_picture(folder / "a.png").pixels;
  };
  const auto same = [&](const cv::Mat& picture) {
    return picture.size() == upright.size() && cv::norm(picture, upright, cv::NORM_INF) == 0;
  };
  EXPECT_TRUE(same(read(upright, 1)));
  EXPECT_TRUE(same(read(mirrored, 2)));
  for (const auto& [orientation, turn] : turns) {
    cv::Mat stored;
    cv::rotate(upright, stored, turn);
    EXPECT_TRUE(same(read(stored, orientation))) << orientation;
  }
  cv::Mat stored;
  cv::flip(upright, stored, 0);
  EXPECT_TRUE(same(read(stored, 4)));
  cv::transpose(upright, stored);
  EXPECT_TRUE(same(read(stored, 5)));
  cv::flip(stored, stored, -1);
  EXPECT_TRUE(same(read(stored, 7)));
}

TEST(Metadata, AProfileIsKeptWholeOrNotAtAll) {
  const cv::Mat grey(32, 32, CV_8UC1, cv::Scalar(90)), colour(32, 32, CV_8UC3);
  const auto through = [](const char* suffix, const cv::Mat& picture, const std::string& icc) {
    Metadata metadata;
    metadata.profile = icc;
    const std::string plain = encoded(suffix, picture);
    std::vector<uchar> file(plain.begin(), plain.end());
    protect::add_metadata(metadata, picture.cols, picture.rows, picture.channels(), file);
    EXPECT_EQ(cv::imdecode(file, cv::IMREAD_UNCHANGED).size(), picture.size());
    return protect::read_metadata({reinterpret_cast<const char*>(file.data()), file.size()})
        .profile;
  };
  for (const char* suffix : {".jpg", ".png", ".webp"}) {
    const std::string large = profile("RGB ", 200'001);  // four segments of a JPEG
    EXPECT_EQ(through(suffix, colour, large), large) << suffix;
    EXPECT_EQ(through(suffix, colour, profile("CMYK")), "") << suffix;
    EXPECT_EQ(through(suffix, colour, profile("RGB ", 3'000'000)), "") << suffix;
    EXPECT_EQ(through(suffix, colour, profile("RGB ") + secret), profile("RGB ")) << suffix;
  }
  EXPECT_EQ(through(".png", grey, profile("GRAY")), profile("GRAY"));
  EXPECT_EQ(through(".png", grey, profile("RGB ")), "");
}

// Cut short, and with wrong bytes: the picture is protected, and nothing clear passes with it.
TEST(Metadata, DamagedExifFailsNothingAndPassesNothing) {
  const TemporaryFolder folder;
  const cv::Mat clear = portrait().bgr;
  const std::string thumbnail = small_copy(clear), exif = camera_exif(6, thumbnail);
  const std::string jpeg = encoded(".jpg", clear);
  const auto expect_harmless = [&](const std::string& block) {
    const protect::Exif kept = protect::kept_exif(block);
    // A wrong place of an entry may be inside of it: a few numbers are no picture.
    constexpr std::size_t most = 33;
    for (std::size_t at = 0; at + most <= thumbnail.size(); ++at)
      ASSERT_FALSE(contains(kept.block, thumbnail.substr(at, most)));
    EXPECT_GE(kept.orientation, 1);
    EXPECT_LE(kept.orientation, 8);
    const std::string again = protect::kept_exif(kept.block).block;
    EXPECT_EQ(again.size(), kept.block.size());
    EXPECT_EQ(protect::kept_exif(again).block, again);
  };
  for (std::size_t size = 0; size < exif.size(); size += 1 + size / 50)
    expect_harmless(exif.substr(0, size));
  std::mt19937 random(7);
  for (int i = 0; i < 1000; ++i) {
    std::string damaged = exif;
    for (int j = 0; j < 1 + i % 5; ++j)
      damaged[random() % 600 % damaged.size()] = static_cast<char>(random());
    expect_harmless(damaged);
  }

  std::string damaged = exif;
  damaged.replace(14, 200, 200, '\xff');
  std::filesystem::create_directory(folder / "in");
  int count = 0;
  for (const std::string& block : {damaged, exif.substr(0, 60), "Exif\0\0"s, "Exif\0\0nonsense"s})
    write(folder / "in" / (std::to_string(count++) + ".jpg"),
          jpeg.substr(0, 20) + segment('\xe1', block) +
              segment('\xe2', "ICC_PROFILE\0\1\2half of it"s) + jpeg.substr(20));
  ASSERT_EQ(run((folder / "in").string() + " " + (folder / "out/").string()), 0);
  for (int i = 0; i < count; ++i) {
    const auto out = folder / "out" / (std::to_string(i) + ".jpg");
    const std::string bytes = read_file(out);
    expect_no_trace(bytes, thumbnail);
    EXPECT_FALSE(contains(bytes, "ICC_PROFILE"));
    const cv::Mat picture = cv::imread(out.string());
    ASSERT_EQ(picture.size(), clear.size());
    EXPECT_GT(difference(clear, picture, features(portrait().faces[0].box)), 3);
  }
}

// --- Videos ------------------------------------------------------------------------------------

struct Cover {
  Cover() {
    const BufferPtr buffer(gst_buffer_new_memdup(png.data(), png.size()));
    const CapsPtr caps(gst_caps_new_empty_simple("image/png"));
    sample = gst_sample_new(buffer.get(), caps.get(), nullptr, nullptr);
  }
  ~Cover() { gst_sample_unref(sample); }
  Cover(const Cover&) = delete;
  Cover& operator=(const Cover&) = delete;

  const std::string png = encoded(".png", eval::render_portrait({64, 64}, 0).bgr);
  GstSample* sample = nullptr;
};

// Writes a video with a title, and sound that `encoder` makes. The element named t has the cover,
// or the muxer has.
void write_video(const std::string& file, const std::string& encoder, const std::string& muxer,
                 const Cover& cover, const std::string& chapter = "") {
  const std::string scene = file + ".scene.mkv";
  write_scene(scene, {320, 180}, 5, 15);
  Pipeline pipeline("filesrc location=" + scene + " ! matroskademux ! h264parse ! " + muxer +
                    " ! filesink location=" + file + " audiotestsrc num-buffers=30 ! " + encoder +
                    " ! m.");
  const ElementPtr tagged(gst_bin_get_by_name(GST_BIN(pipeline.element.get()), "t"));
  const ElementPtr mux(gst_bin_get_by_name(GST_BIN(pipeline.element.get()), "m"));
  gst_tag_setter_add_tags(GST_TAG_SETTER(mux.get()), GST_TAG_MERGE_REPLACE, GST_TAG_TITLE,
                          "Headline", nullptr);
  gst_tag_setter_add_tags(GST_TAG_SETTER(tagged ? tagged.get() : mux.get()), GST_TAG_MERGE_REPLACE,
                          GST_TAG_IMAGE, cover.sample, nullptr);
  if (!chapter.empty()) {
    GstToc* toc = gst_toc_new(GST_TOC_SCOPE_GLOBAL);
    GstTocEntry* edition = gst_toc_entry_new(GST_TOC_ENTRY_TYPE_EDITION, "e");
    GstTocEntry* entry = gst_toc_entry_new(GST_TOC_ENTRY_TYPE_CHAPTER, "c");
    gst_toc_entry_set_start_stop_times(entry, 0, GST_SECOND / 4);
    gst_toc_entry_set_tags(entry, gst_tag_list_new(GST_TAG_TITLE, chapter.c_str(), nullptr));
    gst_toc_entry_append_sub_entry(edition, entry);
    gst_toc_append_entry(toc, edition);
    gst_toc_setter_set_toc(GST_TOC_SETTER(mux.get()), toc);
    gst_toc_unref(toc);
  }
  ASSERT_EQ(pipeline.run(), "");
  std::filesystem::remove(scene);
}

TEST(Metadata, ACoverOfAVideoDoesNotStay) {
  const TemporaryFolder folder;
  const Cover cover;
  const std::string in = (folder / "in.mp4").string(), out = (folder / "out.mp4").string();
  write_video(in, "avenc_aac", "mp4mux name=m", cover);
  ASSERT_TRUE(contains(read_file(in), cover.png));
  ASSERT_EQ(run(in + " " + out), 0);
  EXPECT_FALSE(contains(read_file(out), cover.png));
  EXPECT_TRUE(contains(read_file(out), "Headline"));
  ASSERT_EQ(run(in + " " + out + " --strip-metadata"), 0);
  EXPECT_FALSE(contains(read_file(out), "Headline"));
}

TEST(Metadata, ACoverInTheHeadersOfTheSoundDoesNotStay) {
  const TemporaryFolder folder;
  const Cover cover;
  for (const auto& [encoder, mark] :
       {std::pair{"flacenc name=t ! flacparse"s, cover.png},
        {"vorbisenc name=t ! vorbisparse"s, "METADATA_BLOCK_PICTURE"s}}) {
    SCOPED_TRACE(encoder);
    const std::string in = (folder / "in.mkv").string(), out = (folder / "out.mkv").string();
    write_video(in, encoder, "matroskamux name=m", cover, "Chapter-one");
    ASSERT_TRUE(contains(read_file(in), mark));
    ASSERT_EQ(run(in + " " + out), 0);
    EXPECT_FALSE(contains(read_file(out), mark));
    EXPECT_TRUE(contains(read_file(out), "Headline"));
    EXPECT_TRUE(contains(read_file(out), "Chapter-one"));
    EXPECT_GT(decode(in).audio_buffers, 0);
    EXPECT_EQ(decode(out).audio_buffers, decode(in).audio_buffers);
    ASSERT_EQ(run(in + " " + out + " --strip-metadata"), 0);
    EXPECT_FALSE(contains(read_file(out), "Headline"));
    EXPECT_FALSE(contains(read_file(out), "Chapter-one"));
  }
}

}  // namespace
}  // namespace faceperturb::test
