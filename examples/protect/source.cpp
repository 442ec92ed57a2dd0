// SPDX-License-Identifier: LGPL-2.1-or-later
#include "source.h"

#include <glib/gstdio.h>
#include <gst/gst.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/failure.h"
#include "common/gst_ptr.h"

namespace protect {

using examples::Failure;
using examples::Ptr;

Source make_source(const std::string& input) {
  std::error_code unknown;
  if (!std::filesystem::exists(input, unknown) && gst_uri_is_valid(input.c_str())) {
    const Ptr<GstUri> uri(gst_uri_from_string(input.c_str()));
    if (uri && gst_uri_get_userinfo(uri.get())) {
      gst_uri_set_userinfo(uri.get(), "...");
      const Ptr<gchar> text(gst_uri_to_string(uri.get()));
      return {input, text.get()};
    }
    return {input, input};
  }
  if (std::filesystem::is_directory(input, unknown))
    throw Failure("'" + input + "' is a folder; name a file");
  if (g_access(input.c_str(), R_OK) != 0) {
    const std::string fault = std::strerror(errno);
    throw Failure("cannot read '" + input + "': " + fault);
  }
  GError* error = nullptr;
  const Ptr<gchar> uri(gst_filename_to_uri(input.c_str(), &error));
  if (!uri) {
    const Ptr<GError> owned(error);
    throw Failure("cannot read '" + input + "': " + error->message);
  }
  return {uri.get(), input};
}

}  // namespace protect
