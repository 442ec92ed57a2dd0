// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>

namespace examples {

struct Release {
  void operator()(gchar* p) const { g_free(p); }
  void operator()(gchar** p) const { g_strfreev(p); }
  void operator()(GError* p) const { g_error_free(p); }
  void operator()(GMainLoop* p) const { g_main_loop_unref(p); }
  void operator()(GOptionContext* p) const { g_option_context_free(p); }
  void operator()(GstBuffer* p) const { gst_buffer_unref(p); }
  void operator()(GstBus* p) const { gst_object_unref(p); }
  void operator()(GstCaps* p) const { gst_caps_unref(p); }
  void operator()(GstElement* p) const { gst_object_unref(p); }
  void operator()(GstElementFactory* p) const { gst_object_unref(p); }
  void operator()(GstEvent* p) const { gst_event_unref(p); }
  void operator()(GstMessage* p) const { gst_message_unref(p); }
  void operator()(GstPad* p) const { gst_object_unref(p); }
  void operator()(GstSample* p) const { gst_sample_unref(p); }
  void operator()(GstStructure* p) const { gst_structure_free(p); }
  void operator()(GstUri* p) const { gst_uri_unref(p); }
};

/// Owns what GLib or GStreamer handed over.
template <typename T>
using Ptr = std::unique_ptr<T, Release>;

}  // namespace examples
