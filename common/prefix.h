#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

enum class Family : std::uint8_t { kIpv4, kIpv6 };
inline constexpr std::array<Family, 2> kFamilies = {Family::kIpv4, Family::kIpv6};

// An IPv4 or IPv6 address, network byte order. A value; ordered by family, then bytes.
class IpAddress {
 public:
  // 0.0.0.0
  IpAddress() = default;
  // REQUIRES: 4 or 16 bytes.
  explicit IpAddress(std::span<const std::uint8_t> bytes);

  // Reads dotted-quad or RFC 4291 text. INVALID_ARGUMENT otherwise.
  static absl::StatusOr<IpAddress> Parse(absl::string_view text);
  // From 4 or 16 raw bytes, as wire messages carry them. INVALID_ARGUMENT otherwise.
  static absl::StatusOr<IpAddress> FromBytes(absl::string_view bytes);

  Family family() const { return family_; }
  // 32 or 128.
  int bits() const { return family_ == Family::kIpv4 ? 32 : 128; }
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), static_cast<std::size_t>(bits() / 8)}; }
  // The raw bytes as a string, for wire messages.
  std::string ToBytes() const;
  std::string ToString() const;
  // The one after; none after the last.
  std::optional<IpAddress> Next() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  Family family_ = Family::kIpv4;
  std::array<std::uint8_t, 16> bytes_{};
};

// An address range written as address/length, host bits always zero. A value; ordered by address, then length.
class Prefix {
 public:
  // 0.0.0.0/0
  Prefix() = default;
  // The /32 or /128 of one address.
  explicit Prefix(const IpAddress& address) : address_(address), length_(address.bits()) {}

  // Host bits are cleared. INVALID_ARGUMENT when `length` is not within 0..address.bits().
  static absl::StatusOr<Prefix> Containing(const IpAddress& address, int length);
  // Reads "172.32.0.0/16", "fd20::/48" or a lone address. INVALID_ARGUMENT says what is wrong, names the prefix that
  // was probably meant when host bits are set.
  static absl::StatusOr<Prefix> Parse(absl::string_view text);

  const IpAddress& address() const { return address_; }
  int length() const { return length_; }
  Family family() const { return address_.family(); }
  bool Contains(const IpAddress& address) const;
  bool Contains(const Prefix& other) const;
  // The greatest address inside.
  IpAddress Last() const;
  // "255.255.0.0"
  IpAddress Mask() const;
  // "172.32.0.0/16"; a whole-length one too ("172.32.4.2/32").
  std::string ToString() const;

  friend auto operator<=>(const Prefix&, const Prefix&) = default;

 private:
  IpAddress address_;
  int length_ = 0;
};

}  // namespace faultline
