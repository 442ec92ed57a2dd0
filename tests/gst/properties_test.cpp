// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element says of itself: gst-inspect's data, and its properties one by one.
#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <set>
#include <sstream>

#include "perturb/methods.h"
#include "support/gst.h"

namespace faceperturb::test {
namespace {

// Properties of our own type, not of its parents.
std::vector<GParamSpec*> own_properties(GstElement* element) {
  guint count = 0;
  GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &count);
  std::vector<GParamSpec*> own;
  for (guint i = 0; i < count; ++i)
    if (specs[i]->owner_type == G_OBJECT_TYPE(element)) own.push_back(specs[i]);
  g_free(specs);
  return own;
}

// A sentence without its full stop, no blanks at its ends or two in a row.
void expect_tidy(const std::string& text, const std::string& what) {
  ASSERT_FALSE(text.empty()) << what;
  EXPECT_FALSE(std::islower(static_cast<unsigned char>(text.front())) && !text.starts_with("dlib"))
      << what << ": " << text;
  EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(text.back())) || text.back() == ')')
      << what << ": " << text;
  EXPECT_EQ(text.find("  "), std::string::npos) << what << ": " << text;
}

// Every element of the plugin.
class Inspect : public ::testing::TestWithParam<const char*> {
 protected:
  const ElementPtr element{
      GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make(GetParam(), nullptr)))};
};
INSTANTIATE_TEST_SUITE_P(Elements, Inspect,
                         ::testing::Values("faceperturb", "facerestore", "facerecordinsert",
                                           "facerecordextract"),
                         [](const auto& info) { return info.param; });

TEST_P(Inspect, TellsWhatTheElementIs) {
  GstElementFactory* factory = gst_element_get_factory(element.get());
  for (const char* key : {GST_ELEMENT_METADATA_LONGNAME, GST_ELEMENT_METADATA_KLASS,
                          GST_ELEMENT_METADATA_DESCRIPTION, GST_ELEMENT_METADATA_AUTHOR}) {
    const gchar* text = gst_element_factory_get_metadata(factory, key);
    ASSERT_NE(text, nullptr) << key;
    expect_tidy(text, key);
  }
  GstPlugin* plugin = gst_plugin_feature_get_plugin(GST_PLUGIN_FEATURE(factory));
  ASSERT_NE(plugin, nullptr);
  EXPECT_STREQ(gst_plugin_get_name(plugin), "faceperturb");
  EXPECT_STREQ(gst_plugin_get_license(plugin), "LGPL");
  EXPECT_STREQ(gst_plugin_get_version(plugin), PROJECT_VERSION);
  expect_tidy(gst_plugin_get_description(plugin), "the plugin's description");
  gst_object_unref(plugin);
}

TEST_P(Inspect, EveryPropertyHasANickAndABlurb) {
  for (GParamSpec* spec : own_properties(element.get())) {
    const std::string name = g_param_spec_get_name(spec);
    expect_tidy(g_param_spec_get_nick(spec), name + "'s nick");
    ASSERT_NE(g_param_spec_get_blurb(spec), nullptr) << name;
    expect_tidy(g_param_spec_get_blurb(spec), name + "'s blurb");
  }
}

TEST_P(Inspect, EveryValueOfEnumerationsAndFlagsIsDescribed) {
  for (GParamSpec* spec : own_properties(element.get())) {
    const auto check = [&](const gchar* nick, const gchar* description) {
      EXPECT_NE(std::string(nick), "");
      for (const char* c = nick; *c; ++c)
        EXPECT_TRUE(std::islower(static_cast<unsigned char>(*c)) || *c == '-') << nick;
      expect_tidy(description, std::string(spec->name) + "=" + nick);
    };
    if (G_IS_PARAM_SPEC_ENUM(spec)) {
      const auto* type = G_PARAM_SPEC_ENUM(spec)->enum_class;
      for (guint i = 0; i < type->n_values; ++i)
        check(type->values[i].value_nick, type->values[i].value_name);
    } else if (G_IS_PARAM_SPEC_FLAGS(spec)) {
      const auto* type = G_PARAM_SPEC_FLAGS(spec)->flags_class;
      for (guint i = 0; i < type->n_values; ++i)
        check(type->values[i].value_nick, type->values[i].value_name);
    }
  }
}

TEST_P(Inspect, PadsOfRawVideoTakeEveryFormatFrom16x16) {
  for (const char* name : {"sink", "src"}) {
    GstPadTemplate* pad = gst_element_get_pad_template(element.get(), name);
    ASSERT_NE(pad, nullptr) << name;
    EXPECT_EQ(GST_PAD_TEMPLATE_PRESENCE(pad), GST_PAD_ALWAYS);
    const CapsPtr caps(gst_pad_template_get_caps(pad));
    const GstStructure* first = gst_caps_get_structure(caps.get(), 0);
    if (!gst_structure_has_name(first, "video/x-raw")) continue;
    for (const auto& format : formats()) {
      for (const auto& [size, taken] : {std::pair{Size{16, 16}, true},
                                        {{32767, 32767}, true},
                                        {{15, 16}, false},
                                        {{16, 15}, false},
                                        {{1, 1}, false}}) {
        const GstVideoInfo info = video_info(format, size);
        const CapsPtr asked(gst_video_info_to_caps(&info));
        EXPECT_EQ(gst_caps_is_subset(asked.get(), caps.get()), taken) << describe(format, size);
      }
    }
  }
}

// The names that DESIGN fixes for this stage.
TEST(Properties, AreThoseOfTheDesign) {
  const ElementPtr element = make_element();
  std::set<std::string> names;
  for (GParamSpec* spec : own_properties(element.get())) names.insert(spec->name);
  for (const char* name :
       {"method", "regions", "pixels", "cell-size", "detector", "detector-model", "landmark-model",
        "min-face-size", "detect-interval", "lookahead", "hold", "on-unchecked", "key-location",
        "record-location", "attach-meta", "post-messages", "stats"})
    EXPECT_TRUE(names.contains(name)) << name;
  for (const char* name : {"method", "pixels"}) {
    const GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), name);
    EXPECT_TRUE(spec->flags & GST_PARAM_CONTROLLABLE) << name;
  }
}

TEST(Properties, StartAtTheirDefaults) {
  const ElementPtr element = make_plain_element();
  for (GParamSpec* spec : own_properties(element.get())) {
    if (!(spec->flags & G_PARAM_WRITABLE)) continue;
    GValue value = G_VALUE_INIT;
    g_value_init(&value, spec->value_type);
    g_object_get_property(G_OBJECT(element.get()), spec->name, &value);
    EXPECT_TRUE(g_param_value_defaults(spec, &value)) << spec->name;
    g_value_unset(&value);
  }
  guint regions = 0;
  gchar* model = nullptr;
  g_object_get(element.get(), "regions", &regions, "landmark-model", &model, nullptr);
  EXPECT_EQ(regions, 7U);  // eyes, nose, mouth
  EXPECT_STREQ(model, LANDMARK_MODEL);
  g_free(model);
}

// Values to try for a property: all of an enumeration, every set of flags, ends of a range.
std::vector<std::string> values_of(GParamSpec* spec) {
  std::vector<std::string> values;
  if (G_IS_PARAM_SPEC_ENUM(spec)) {
    const auto* type = G_PARAM_SPEC_ENUM(spec)->enum_class;
    for (guint i = 0; i < type->n_values; ++i) values.emplace_back(type->values[i].value_nick);
  } else if (G_IS_PARAM_SPEC_FLAGS(spec)) {
    const auto* type = G_PARAM_SPEC_FLAGS(spec)->flags_class;
    for (guint set = 1; set <= type->mask; ++set) {
      std::string names;
      for (guint i = 0; i < type->n_values; ++i)
        if (set & type->values[i].value) names.append("+").append(type->values[i].value_nick);
      names.erase(0, 1);
      values.push_back(names);
    }
  } else if (G_IS_PARAM_SPEC_INT(spec)) {
    const auto* range = G_PARAM_SPEC_INT(spec);
    EXPECT_LT(range->minimum, range->maximum);
    for (const int value : {range->minimum, range->minimum + 1, range->maximum})
      values.push_back(std::to_string(value));
  } else if (G_IS_PARAM_SPEC_UINT64(spec)) {
    values = {"0", "1", "18446744073709551615"};
  } else if (G_IS_PARAM_SPEC_DOUBLE(spec)) {
    const auto* range = G_PARAM_SPEC_DOUBLE(spec);
    EXPECT_LT(range->minimum, range->maximum);
    for (const double value : {range->minimum, range->maximum / 2, range->maximum})
      values.push_back(std::to_string(value));
  } else if (G_IS_PARAM_SPEC_BOOLEAN(spec)) {
    values = {"true", "false", "true"};
  } else if (G_IS_PARAM_SPEC_STRING(spec)) {
    values = {"some/file.dat", "a name with blanks and \xc3\xa4"};
  }
  return values;
}

TEST(Properties, GiveBackWhatWasSet) {
  const ElementPtr element = make_element();
  for (GParamSpec* spec : own_properties(element.get())) {
    if (!(spec->flags & G_PARAM_WRITABLE)) continue;
    const auto values = values_of(spec);
    EXPECT_FALSE(values.empty()) << spec->name << " has a type this test does not know";
    for (const auto& text : values) {
      GValue wanted = G_VALUE_INIT, got = G_VALUE_INIT;
      g_value_init(&wanted, spec->value_type);
      g_value_init(&got, spec->value_type);
      if (G_IS_PARAM_SPEC_STRING(spec))
        g_value_set_string(&wanted, text.c_str());
      else
        ASSERT_TRUE(gst_value_deserialize(&wanted, text.c_str())) << spec->name << "=" << text;
      g_object_set_property(G_OBJECT(element.get()), spec->name, &wanted);
      g_object_get_property(G_OBJECT(element.get()), spec->name, &got);
      EXPECT_EQ(g_param_values_cmp(spec, &wanted, &got), 0) << spec->name << "=" << text;
      g_value_unset(&wanted);
      g_value_unset(&got);
    }
  }
}

TEST(Properties, AcceptNoRegionsAndNoModelName) {
  const ElementPtr element = make_element();
  guint regions = 1;
  gchar* model = nullptr;
  g_object_set(element.get(), "regions", 0, "landmark-model", nullptr, nullptr);
  g_object_get(element.get(), "regions", &regions, "landmark-model", &model, nullptr);
  EXPECT_EQ(regions, 0U);
  EXPECT_EQ(model, nullptr);
  g_free(model);
}

TEST(Properties, StatsAreReadOnlyAndStartAtZero) {
  const ElementPtr element = make_element();
  const GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), "stats");
  EXPECT_FALSE(spec->flags & G_PARAM_WRITABLE);
  GstStructure* stats = nullptr;
  g_object_get(element.get(), "stats", &stats, nullptr);
  const StructurePtr owner(stats);
  for (const char* name : {"frames", "faces", "checked", "held", "covered", "dropped",
                           "detect-time", "track-time", "perturb-time"}) {
    guint64 value = 1;
    EXPECT_TRUE(gst_structure_get_uint64(stats, name, &value)) << name;
    EXPECT_EQ(value, 0U) << name;
  }
}

// The page of the element is written by hand: it must know what the tables know.
TEST(Docs, NameEveryMethodAndProperty) {
  std::ifstream file(SOURCE_ROOT "/docs/element.md");
  std::stringstream page;
  page << file.rdbuf() << std::ifstream(SOURCE_ROOT "/README.md").rdbuf();
  const std::string text = page.str();
  for (const auto& method : methods())
    EXPECT_NE(text.find("| `" + std::string(method.name) + "` |"), std::string::npos)
        << method.name;
  const ElementPtr element = make_element();
  for (GParamSpec* spec : own_properties(element.get())) {
    const std::string name = g_param_spec_get_name(spec);
    EXPECT_NE(text.find('`' + name + '`'), std::string::npos) << name;
  }
}

TEST(Presets, SetMethodAndRegions) {
  const ElementPtr element = make_element();
  ASSERT_TRUE(GST_IS_PRESET(element.get()));
  gchar** names = gst_preset_get_preset_names(GST_PRESET(element.get()));
  ASSERT_NE(names, nullptr);
  const std::set<std::string> known(names, names + g_strv_length(names));
  g_strfreev(names);
  EXPECT_EQ(known, (std::set<std::string>{"identity", "paper", "reversible"}));

  struct Case {
    const char* name;
    const char* method;
    guint regions;
    gint pixels;
  };
  for (const Case& wanted : {Case{"paper", "shuffle", 7, 8000}, Case{"identity", "average", 16, 0},
                             Case{"reversible", "shuffle", 8, 0}}) {
    ASSERT_TRUE(gst_preset_load_preset(GST_PRESET(element.get()), wanted.name)) << wanted.name;
    gint method = 0, pixels = -1;
    guint regions = 0;
    g_object_get(element.get(), "method", &method, "regions", &regions, "pixels", &pixels, nullptr);
    EXPECT_EQ(methods()[static_cast<std::size_t>(method)].name, wanted.method) << wanted.name;
    EXPECT_EQ(regions, wanted.regions) << wanted.name;
    EXPECT_EQ(pixels, wanted.pixels) << wanted.name;
  }
}

}  // namespace
}  // namespace faceperturb::test
