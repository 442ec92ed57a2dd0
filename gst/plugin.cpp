// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/gst.h>

#include "gstfaceperturb.h"
#include "gstfacerecordextract.h"
#include "gstfacerecordinsert.h"
#include "gstfacerestore.h"

#define PACKAGE "faceperturb"

static gboolean plugin_init(GstPlugin* plugin) {
  return GST_ELEMENT_REGISTER(faceperturb, plugin) &&
         GST_ELEMENT_REGISTER(facerecordextract, plugin) &&
         GST_ELEMENT_REGISTER(facerecordinsert, plugin) &&
         GST_ELEMENT_REGISTER(facerestore, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, faceperturb,
                  "Makes faces in raw video unrecognisable, in place", plugin_init, PACKAGE_VERSION,
                  "LGPL", "faceperturb", "Unknown package origin")
