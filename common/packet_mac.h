#pragma once

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "absl/status/statusor.h"

namespace faultline {

// Signs small packets with a secret: SipHash-2-4, whose tags nobody makes or checks without the key, in well under a
// microsecond. Who has the key can do both. Movable, not thread-safe; nothing but Make allocates.
class PacketMac {
 public:
  static constexpr std::size_t kKeySize = 16;
  static constexpr std::size_t kTagSize = 8;
  using Key = std::array<std::uint8_t, kKeySize>;
  using Tag = std::array<std::uint8_t, kTagSize>;

  // UNIMPLEMENTED when this OpenSSL has no SipHash.
  static absl::StatusOr<PacketMac> Make(const Key& key);

  // None when OpenSSL fails, of which no way is known.
  std::optional<Tag> Sign(std::span<const std::uint8_t> bytes);

  // Whether this is the tag of these bytes; how long that takes tells nothing of the right one.
  bool Verify(std::span<const std::uint8_t> bytes, std::span<const std::uint8_t, kTagSize> tag);

 private:
  struct Free {
    void operator()(EVP_MAC_CTX* context) const;
  };

  explicit PacketMac(const Key& key) : key_(key) {}

  Key key_;
  std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

}  // namespace faultline
