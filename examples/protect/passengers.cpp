// SPDX-License-Identifier: LGPL-2.1-or-later
#include "passengers.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <sstream>
#include <string_view>

#include "common/elements.h"
#include "common/failure.h"
#include "common/gst_ptr.h"

namespace protect {

using examples::add_element;
using examples::Failure;
using examples::link_all;
using examples::Ptr;

namespace {

struct Parser {
  const char* caps;
  const char* element;
};
constexpr Parser parsers[] = {
    {"audio/mpeg, mpegversion=4", "aacparse"},
    {"audio/mpeg, mpegversion=1", "mpegaudioparse"},
    {"audio/x-ac3", "ac3parse"},
    {"audio/x-eac3", "ac3parse"},
    {"audio/x-flac", "flacparse"},
    {"audio/x-dts", "dcaparse"},
};

bool fits(GstCaps* caps, const char* description) {
  const Ptr<GstCaps> wanted(gst_caps_from_string(description));
  return gst_caps_can_intersect(caps, wanted.get());
}

const char* first_of(const char* factories) {
  std::istringstream names(factories);
  for (std::string name; names >> name;)
    if (Ptr<GstElementFactory>(gst_element_factory_find(name.c_str())))
      return g_intern_string(name.c_str());
  throw Failure(examples::missing_element(std::string(factories, std::strcspn(factories, " "))));
}

// --- Tags --------------------------------------------------------------------------------------

bool stays(const gchar* tag, bool strip) {
  if (!std::strcmp(tag, GST_TAG_LANGUAGE_CODE) || !std::strcmp(tag, GST_TAG_LANGUAGE_NAME))
    return true;
  const GType type = gst_tag_get_type(tag);
  return !strip && type != GST_TYPE_SAMPLE && type != GST_TYPE_BUFFER &&
         std::strcmp(tag, GST_TAG_IMAGE_ORIENTATION) != 0;  // the picture is upright
}

struct Sieve {
  GstTagList* kept;
  bool strip;
};

GstEvent* sifted_tags(GstEvent* event, bool strip) {
  GstTagList* tags = nullptr;
  gst_event_parse_tag(event, &tags);
  GstTagList* kept = gst_tag_list_new_empty();
  gst_tag_list_set_scope(kept, gst_tag_list_get_scope(tags));
  Sieve sieve{kept, strip};
  gst_tag_list_foreach(
      tags,
      [](const GstTagList* list, const gchar* tag, gpointer data) {
        const auto& [to, all] = *static_cast<Sieve*>(data);
        if (!stays(tag, all)) return;
        for (guint i = 0; i < gst_tag_list_get_tag_size(list, tag); ++i)
          gst_tag_list_add_value(to, GST_TAG_MERGE_APPEND, tag,
                                 gst_tag_list_get_value_index(list, tag, i));
      },
      &sieve);
  return gst_event_new_tag(kept);
}

// Sound may bring tags of its own, among its headers, and a cover picture among these. A comment
// without any is as good to a decoder.
struct Comment {
  const char* caps;
  std::string_view start;  // of the header that has the tags
  std::string_view empty;
  bool last;  // whether no header that follows is needed
};
constexpr Comment comments[] = {
    {"audio/x-vorbis", {"\3vorbis", 7}, {"\3vorbis\0\0\0\0\0\0\0\0\1", 16}, false},
    {"audio/x-opus", {"OpusTags", 8}, {"OpusTags\0\0\0\0\0\0\0\0", 16}, false},
    // All but the first of FLAC's headers may go. This is the last one, four bytes and a comment.
    {"audio/x-flac", "", {"\x84\0\0\x08\0\0\0\0\0\0\0\0", 12}, true},
};

GstBuffer* without_tags(const Comment& comment, GstBuffer* header) {
  if (gst_buffer_memcmp(header, 0, comment.start.data(), comment.start.size()) != 0)
    return gst_buffer_ref(header);
  return gst_buffer_new_memdup(comment.empty.data(), comment.empty.size());
}

// The same caps, with headers that have no tags; nothing where there are none to have them.
GstCaps* without_tags(GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const GValue* headers = gst_structure_get_value(structure, "streamheader");
  const auto* comment = std::ranges::find_if(
      comments, [&](const Comment& some) { return gst_structure_has_name(structure, some.caps); });
  if (!headers || comment == std::end(comments)) return nullptr;
  GValue kept = G_VALUE_INIT;
  gst_value_array_init(&kept, 0);
  const guint count = gst_value_array_get_size(headers);
  for (guint i = 0; i < (comment->last ? std::min(count, 2U) : count); ++i) {
    GstBuffer* header = gst_value_get_buffer(gst_value_array_get_value(headers, i));
    GValue value = G_VALUE_INIT;
    g_value_init(&value, GST_TYPE_BUFFER);
    g_value_take_boxed(&value, i == 0 ? gst_buffer_ref(header) : without_tags(*comment, header));
    gst_value_array_append_and_take_value(&kept, &value);
  }
  GstCaps* clean = gst_caps_copy(caps);
  gst_structure_take_value(gst_caps_get_structure(clean, 0), "streamheader", &kept);
  return clean;
}

GstPadProbeReturn sift(GstPad*, GstPadProbeInfo* info, gpointer strip) {
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  GstEvent* sifted = nullptr;
  if (GST_EVENT_TYPE(event) == GST_EVENT_TOC && strip) return GST_PAD_PROBE_DROP;
  if (GST_EVENT_TYPE(event) == GST_EVENT_TAG) sifted = sifted_tags(event, strip);
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event, &caps);
    const Ptr<GstCaps> clean(without_tags(caps));
    if (clean) sifted = gst_event_new_caps(clean.get());
  }
  if (!sifted) return GST_PAD_PROBE_OK;
  GST_PAD_PROBE_INFO_DATA(info) = sifted;
  gst_event_unref(event);
  return GST_PAD_PROBE_OK;
}

// --- Subtitles ---------------------------------------------------------------------------------

// Demuxers give Pango's markup, muxers take plain text, in which Matroska knows <i> and the like.
std::string plain_text(std::string_view markup, bool keep_tags) {
  constexpr std::pair<std::string_view, char> entities[] = {{"&amp;", '&'},   {"&lt;", '<'},
                                                            {"&gt;", '>'},    {"&quot;", '"'},
                                                            {"&apos;", '\''}, {"&#39;", '\''}};
  std::string text;
  while (!markup.empty()) {
    if (const auto end = markup.find('>');
        !keep_tags && markup.front() == '<' && end != std::string_view::npos) {
      markup.remove_prefix(end + 1);
      continue;
    }
    std::size_t length = 1;
    char c = markup.front();
    for (const auto& [entity, character] : entities)
      if (markup.starts_with(entity)) length = entity.size(), c = character;
    text += c;
    markup.remove_prefix(length);
  }
  return text;
}

GstPadProbeReturn unmark(GstPad*, GstPadProbeInfo* info, gpointer keep_tags) {
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return GST_PAD_PROBE_DROP;
  std::string_view markup(reinterpret_cast<const char*>(map.data), map.size);
  if (const auto zero = markup.find('\0'); zero != std::string_view::npos)
    markup = markup.substr(0, zero);
  const std::string text = plain_text(markup, keep_tags != nullptr);
  gst_buffer_unmap(buffer, &map);
  GstBuffer* plain = gst_buffer_new_memdup(text.data(), text.size());
  gst_buffer_copy_into(
      plain, buffer,
      static_cast<GstBufferCopyFlags>(GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS), 0,
      static_cast<gsize>(-1));
  GST_PAD_PROBE_INFO_DATA(info) = plain;
  gst_buffer_unref(buffer);
  return GST_PAD_PROBE_OK;
}

}  // namespace

std::string decoder_caps(const Container& container) {
  return std::string("video/x-raw(ANY);audio/x-raw(ANY);") + container.audio + ';' + container.text;
}

GstElement* add_unlimited_queue(GstBin* bin) {
  GstElement* queue = add_element(bin, "queue");
  g_object_set(queue, "max-size-buffers", 0, "max-size-bytes", 0, "max-size-time", guint64{0},
               nullptr);
  return queue;
}

GstPad* link_to_muxer(GstElement* last, GstElement* mux, const std::string& kind, bool strip) {
  const Ptr<GstPad> from(gst_element_get_static_pad(last, "src"));
  GstPad* const to = gst_element_request_pad_simple(mux, (kind + "_%u").c_str());
  const Ptr<GstPad> reference(to);
  if (!to || gst_pad_link(from.get(), to) != GST_PAD_LINK_OK)
    throw Failure("the " + kind + " does not fit into this kind of file");
  gst_pad_add_probe(to, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, sift, GINT_TO_POINTER(strip), nullptr);
  return to;  // the muxer owns it
}

GstElement* add_sound(GstBin* bin, GstCaps* caps, const Container& container, GstElement* mux,
                      Limit& limit, const Notes& notes, bool strip) {
  GstElement* first = add_element(bin, "queue");
  GstElement* last = add_unlimited_queue(bin);
  if (gst_structure_has_name(gst_caps_get_structure(caps, 0), "audio/x-raw")) {
    const char* encoder = first_of(container.audio_encoders);
    link_all({first, add_element(bin, "audioconvert"), add_element(bin, "audioresample"),
              add_element(bin, encoder), last});
    notes(std::string("the sound cannot be kept as it is, and is encoded anew by ") + encoder);
  } else {
    const char* parser = nullptr;
    for (const auto& [kind, element] : parsers)
      if (fits(caps, kind)) parser = element;
    if (parser)
      link_all({first, add_element(bin, parser), last});
    else
      link_all({first, last});
  }
  link_to_muxer(last, mux, "audio", strip);
  limit.watch_audio(Ptr<GstPad>(gst_element_get_static_pad(first, "sink")).get());
  limit.watch_encoded_audio(Ptr<GstPad>(gst_element_get_static_pad(last, "src")).get());
  return first;
}

GstElement* add_subtitles(GstBin* bin, GstCaps* caps, const Container& container, GstElement* mux,
                          bool strip) {
  GstElement* queue = add_unlimited_queue(bin);
  GstElement* last = queue;
  if (gst_structure_has_name(gst_caps_get_structure(caps, 0), "text/x-raw")) {
    last = add_element(bin, "capssetter");
    const Ptr<GstCaps> utf8(gst_caps_from_string("text/x-raw, format=utf8"));
    g_object_set(last, "caps", utf8.get(), nullptr);
    link_all({queue, last});
    if (fits(caps, "text/x-raw, format=pango-markup"))
      gst_pad_add_probe(Ptr<GstPad>(gst_element_get_static_pad(queue, "src")).get(),
                        GST_PAD_PROBE_TYPE_BUFFER, unmark, GINT_TO_POINTER(container.matroska),
                        nullptr);
  }
  link_to_muxer(last, mux, "subtitle", strip);
  return queue;
}

}  // namespace protect
