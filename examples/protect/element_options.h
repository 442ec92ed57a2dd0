// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

namespace protect {

/// A property of the faceperturb element and the text of its value.
struct Setting {
  std::string name;
  std::string value;
};

/// An option for every property that can be set, taken from the element itself: --method,
/// --regions, --pixels and so on; --key and --record stand for the locations of these.
class ElementOptions {
 public:
  ElementOptions();
  ElementOptions(const ElementOptions&) = delete;
  ElementOptions& operator=(const ElementOptions&) = delete;

  /// For g_option_context_add_group(), which takes it over; this object must outlive the parsing.
  GOptionGroup* group();
  /// What was given, in the order of the properties. Options given twice count as given last.
  std::vector<Setting> settings() const;

 private:
  struct Entry {
    std::string option;
    std::string property;
    std::string arguments;
    std::string help;
    gchar* value = nullptr;
    Entry(std::string option, std::string property, std::string arguments, std::string help)
        : option(std::move(option)),
          property(std::move(property)),
          arguments(std::move(arguments)),
          help(std::move(help)) {}
    Entry(Entry&& other) noexcept = default;
    Entry& operator=(Entry&& other) noexcept = default;
  };

  std::vector<Entry> entries_;
};

/// Sets them; throws a UsageError where the element does not take one.
void set_all(GstElement* element, const std::vector<Setting>& settings);

}  // namespace protect
