// SPDX-License-Identifier: LGPL-2.1-or-later
#include "recording.h"

#include "record/error.h"
#include "record/key_file.h"

namespace faceperturb {

std::optional<Secret> read_key(const char* property, const std::string& location) {
  if (location.empty()) return {};
  try {
    return read_key_file(location);
  } catch (const RecordError& error) {
    throw PropertyError(property, error.what());
  }
}

std::unique_ptr<Recorder> make_recorder(const Options& options) {
  const auto key = read_key("key-location", options.key_location);
  auto escrow = read_key("escrow-key-location", options.escrow_key_location);
  if (!key) {
    const auto needs_key = [](const char* property) {
      throw PropertyError(property, "a record is encrypted by a key: set key-location too");
    };
    if (!options.record_location.empty()) needs_key("record-location");
    if (options.attach_record) needs_key("attach-record");
    if (escrow) needs_key("escrow-key-location");
    return nullptr;
  }
  if (escrow && escrow->bytes() == key->bytes())
    throw PropertyError("escrow-key-location",
                        "holds the same key as key-location: it would keep nothing apart");
  try {
    return std::make_unique<Recorder>(
        Recorder::Options{*key, std::move(escrow), options.record_location, options.record_max_size,
                          options.attach_record});
  } catch (const RecordError& error) {
    throw PropertyError("record-location", error.what());
  }
}

}  // namespace faceperturb
