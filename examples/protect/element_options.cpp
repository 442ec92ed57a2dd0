// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element_options.h"

#include "common/command.h"
#include "common/elements.h"
#include "common/gst_ptr.h"

namespace protect {

using examples::Failure;
using examples::Ptr;
using examples::UsageError;

namespace {

// The names of an enumeration or of flags, as NAME|NAME or NAME+NAME.
template <typename Class>
std::string names(GType type, char between) {
  std::string text;
  auto* values = static_cast<Class*>(g_type_class_ref(type));
  for (guint i = 0; i < values->n_values; ++i) {
    if (!text.empty()) text += between;
    text += values->values[i].value_nick;
  }
  g_type_class_unref(values);
  return text;
}

std::string arguments_of(const GParamSpec* spec) {
  if (G_TYPE_IS_ENUM(spec->value_type)) return names<GEnumClass>(spec->value_type, '|');
  if (G_TYPE_IS_FLAGS(spec->value_type)) return names<GFlagsClass>(spec->value_type, '+');
  if (spec->value_type == G_TYPE_BOOLEAN) return "true|false";
  if (spec->value_type == G_TYPE_STRING) return "FILE";
  return "N";
}

}  // namespace

ElementOptions::ElementOptions() {
  const Ptr<GstElement> element(gst_element_factory_make("faceperturb", nullptr));
  if (!element) return;  // whoever needs it says what is missing
  gst_object_ref_sink(element.get());
  guint count = 0;
  GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element.get()), &count);
  for (guint i = 0; i < count; ++i) {
    const GParamSpec* spec = specs[i];
    if (spec->owner_type != G_OBJECT_TYPE(element.get()) || !(spec->flags & G_PARAM_WRITABLE))
      continue;
    const std::string name = spec->name;
    entries_.emplace_back(name, name, arguments_of(spec), g_param_spec_get_blurb(specs[i]));
    for (const char* location : {"key-location", "record-location"})
      if (name == location)
        entries_.emplace_back(name.substr(0, name.find('-')), name, "FILE", "Short for --" + name);
  }
  g_free(specs);
}

GOptionGroup* ElementOptions::group() {
  GOptionGroup* group = g_option_group_new(
      "element", "What is done to faces: the properties of the element faceperturb",
      "Show the options of the element", nullptr, nullptr);
  for (Entry& entry : entries_) {
    const GOptionEntry entries[] = {{entry.option.c_str(), 0, 0, G_OPTION_ARG_STRING, &entry.value,
                                     entry.help.c_str(), entry.arguments.c_str()},
                                    {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
    g_option_group_add_entries(group, entries);
  }
  return group;
}

std::vector<Setting> ElementOptions::settings() const {
  std::vector<Setting> settings;
  for (const Entry& entry : entries_)
    if (entry.value) settings.push_back({entry.property, entry.value});
  return settings;
}

void set_all(GstElement* element, const std::vector<Setting>& settings) {
  for (const auto& [name, value] : settings) {
    try {
      examples::set_property(element, name, value);
    } catch (const Failure& failure) {
      throw UsageError(failure.what());
    }
  }
}

}  // namespace protect
