// SPDX-License-Identifier: LGPL-2.1-or-later
#include "command_line.h"

#include <charconv>
#include <system_error>

#include "common/command.h"
#include "common/gst_ptr.h"

namespace protect {

using examples::Ptr;
using examples::UsageError;

namespace {

constexpr char arguments[] = "INPUT... OUTPUT";

constexpr char summary[] =
    "Makes the faces in videos and pictures unrecognisable.\n"
    "\n"
    "  faceperturb in.mp4 out.mp4        one file; the suffix of OUTPUT says what it becomes\n"
    "  faceperturb a.mp4 b.jpg OUT/      several files, or a quoted pattern such as 'clips/*.mp4'\n"
    "  faceperturb FOLDER OUT/           all videos and pictures in FOLDER, with their names\n"
    "\n"
    "INPUT may also be an address such as rtsp://camera/stream or v4l2:///dev/video0; then Ctrl-C\n"
    "ends the recording and keeps it. A file that fails is named, and the others are still done.\n"
    "Exit code: 0 all is done, 1 something failed, 2 wrong use.";

std::string text(gchar* value) {
  const Ptr<gchar> owned(value);
  return value ? value : "";
}

std::vector<std::string> list(gchar** values) {
  const Ptr<gchar*> owned(values);
  if (!values) return {};
  return {values, values + g_strv_length(values)};
}

Setting setting_of(const std::string& text) {
  const auto split = text.find('=');
  if (split == std::string::npos)
    throw UsageError("--property needs NAME=VALUE, not '" + text + "'");
  return {text.substr(0, split), text.substr(split + 1)};
}

// I/N with 0 <= I < N.
void parse_shard(const std::string& text, CommandLine& line) {
  const char* const end = text.data() + text.size();
  const auto index = std::from_chars(text.data(), end, line.shard);
  const bool split = index.ec == std::errc() && index.ptr != end && *index.ptr == '/';
  const auto count = split ? std::from_chars(index.ptr + 1, end, line.shards) : index;
  if (!split || count.ec != std::errc() || count.ptr != end || line.shard >= line.shards)
    throw UsageError("--shard needs I/N with I from 0 to N-1, not '" + text + "'");
}

}  // namespace

CommandLine parse(int& argc, char**& argv) {
  gst_init(nullptr, nullptr);
  ElementOptions element_options;
  CommandLine line;
  Settings& settings = line.settings;
  gint quality = G_MININT, strip = 0, preview = 0, verbose = 0, worker = 0;
  gint sum_up = 0;
  gchar *encoder = nullptr, *before_after = nullptr, *new_key = nullptr, *list_of_files = nullptr,
        *manifest = nullptr, *shard = nullptr, *judge = nullptr;
  gchar **properties = nullptr, **files = nullptr;
  const GOptionEntry entries[] = {
      {"jobs", 'j', 0, G_OPTION_ARG_INT, &line.jobs, "Files to work on at once; default 1", "N"},
      {"files-from", 0, 0, G_OPTION_ARG_FILENAME, &list_of_files,
       "Of the folder INPUT take only the files that FILE names, one a line", "FILE"},
      {"tries", 0, 0, G_OPTION_ARG_INT, &line.tries,
       "How often a file is tried that fails; default 1", "N"},
      {"manifest", 0, 0, G_OPTION_ARG_FILENAME, &manifest,
       "Keep account of every file in FOLDER: what is done is not done again", "FOLDER"},
      {"shard", 0, 0, G_OPTION_ARG_STRING, &shard,
       "With --manifest: only the part I, from 0, of N with about equal work", "I/N"},
      {"summary", 0, 0, G_OPTION_ARG_NONE, &sum_up,
       "With --manifest: do nothing, say what is done and write it there", nullptr},
      {"encoder", 'e', 0, G_OPTION_ARG_STRING, &encoder,
       "Default x264, in .webm vp9; or elements as for gst-launch-1.0", "x264|x265|vp8|vp9"},
      {"quality", 'q', 0, G_OPTION_ARG_INT, &quality,
       "Of the encoder, less is better; default x264 20, x265 22, vp8 12, vp9 28", "N"},
      {"jpeg-quality", 0, 0, G_OPTION_ARG_INT, &settings.jpeg_quality,
       "Of JPEG and WebP pictures, 1 to 100; default 95", "N"},
      {"seconds", 's', 0, G_OPTION_ARG_DOUBLE, &settings.seconds,
       "Stop after so much of a video; 0: at its end", "N"},
      {"strip-metadata", 0, 0, G_OPTION_ARG_NONE, &strip,
       "Leave out titles, places, dates, cameras; thumbnails and cover pictures never stay",
       nullptr},
      {"preview", 0, 0, G_OPTION_ARG_NONE, &preview, "Show the protected video in a window",
       nullptr},
      {"before-after", 'b', 0, G_OPTION_ARG_FILENAME, &before_after,
       "Also write the frame with the largest faces, clear and protected side by side", "FILE.png"},
      {"judge", 0, 0, G_OPTION_ARG_FILENAME, &judge,
       "Count the clear faces that leave, as another detector sees them: a model as for "
       "--detector-model",
       "FILE"},
      {"new-key", 0, 0, G_OPTION_ARG_FILENAME, &new_key,
       "Only make a random key, for --key and --escrow-key-location", "FILE"},
      {"property", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &properties,
       "Set a property of the element, as the options of --help-element do; may be repeated",
       "NAME=VALUE"},
      {"verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose, "Name every file and what was found in it",
       nullptr},
      {"worker", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &worker, nullptr, nullptr},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, nullptr, nullptr},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  examples::parse_options(arguments, summary, entries, argc, argv, true, element_options.group());
  settings.element = element_options.settings();
  for (const auto& property : list(properties)) settings.element.push_back(setting_of(property));
  settings.encoder = text(encoder);
  settings.before_after = text(before_after);
  settings.judge = text(judge);
  settings.strip_metadata = strip;
  settings.preview = preview;
  line.new_key = text(new_key);
  line.verbose = verbose;
  line.worker = worker;
  line.list = text(list_of_files);
  line.manifest = text(manifest);
  line.sum_up = sum_up;
  line.inputs = list(files);

  if (quality != G_MININT) settings.quality = quality;
  if (settings.seconds < 0) throw UsageError("--seconds cannot be negative");
  if (const std::string part = text(shard); !part.empty()) parse_shard(part, line);
  if (line.manifest.empty() && (line.shards > 1 || sum_up))
    throw UsageError("--shard and --summary need --manifest");
  if (line.tries < 1) throw UsageError("--tries needs 1 or more");
  if (line.jobs < 1) throw UsageError("--jobs needs 1 or more");
  if (settings.jpeg_quality < 1 || settings.jpeg_quality > 100)
    throw UsageError("--jpeg-quality needs 1 to 100");
  if (!line.new_key.empty()) {
    if (!line.inputs.empty()) throw UsageError("--new-key takes no INPUT or OUTPUT");
    return line;
  }
  if (line.worker) return line;
  if (line.inputs.size() < 2) throw UsageError("INPUT and OUTPUT are needed; see --help");
  line.target = std::move(line.inputs.back());
  line.inputs.pop_back();
  return line;
}

}  // namespace protect
