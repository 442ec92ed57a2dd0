// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "perturb/random.h"
#include "record/bytes.h"

namespace faceperturb {

/// Appends `content`, encrypted and authenticated together with `header` by XChaCha20-Poly1305
/// (libsodium) under `key`, to `out`: 16 bytes more than it had. `counter` is the nonce: no two
/// contents are sealed with the same.
void seal(std::span<const std::uint8_t> content, std::span<const std::uint8_t> header,
          std::uint64_t counter, const Secret& key, Bytes& out);

/// What was sealed; nothing where key, counter, header or a bit of it is another.
std::optional<Bytes> unseal(std::span<const std::uint8_t> sealed,
                            std::span<const std::uint8_t> header, std::uint64_t counter,
                            const Secret& key);

}  // namespace faceperturb
