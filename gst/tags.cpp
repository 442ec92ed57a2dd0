// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tags.h"

namespace faceperturb {

GstEvent* without_pictures(GstEvent* tags) {
  GstTagList* list = nullptr;
  gst_event_parse_tag(tags, &list);
  GstTagList* kept = gst_tag_list_copy(list);
  for (gint i = gst_tag_list_n_tags(list); i-- > 0;) {
    const gchar* tag = gst_tag_list_nth_tag_name(list, static_cast<guint>(i));
    const GType type = gst_tag_get_type(tag);
    if (type == GST_TYPE_SAMPLE || type == GST_TYPE_BUFFER) gst_tag_list_remove_tag(kept, tag);
  }
  if (gst_tag_list_n_tags(kept) == gst_tag_list_n_tags(list)) {
    gst_tag_list_unref(kept);
    return tags;
  }
  GstEvent* event = gst_event_new_tag(kept);
  gst_event_set_seqnum(event, gst_event_get_seqnum(tags));
  gst_event_unref(tags);
  return event;
}

}  // namespace faceperturb
