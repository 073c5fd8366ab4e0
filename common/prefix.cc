#include "common/prefix.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cassert>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

// Sets every bit from `from` on to `value`.
IpAddress WithTail(const IpAddress& address, int from, bool value) {
  std::array<std::uint8_t, 16> bytes{};
  std::copy(address.bytes().begin(), address.bytes().end(), bytes.begin());
  for (int bit = from; bit < address.bits();) {
    const auto index = static_cast<std::size_t>(bit / 8);
    const auto mask = static_cast<std::uint8_t>(0xff >> (bit % 8));
    bytes[index] = value ? (bytes[index] | mask) : (bytes[index] & static_cast<std::uint8_t>(~mask));
    bit = (bit / 8 + 1) * 8;
  }
  return IpAddress(std::span(bytes.data(), address.bytes().size()));
}

}  // namespace

IpAddress::IpAddress(std::span<const std::uint8_t> bytes) : family_(bytes.size() == 4 ? Family::kIpv4 : Family::kIpv6) {
  assert(bytes.size() == 4 || bytes.size() == 16);
  std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

absl::StatusOr<IpAddress> IpAddress::Parse(absl::string_view text) {
  const std::string terminated(text);
  std::array<std::uint8_t, 16> bytes{};
  if (terminated.size() == text.size() && text.find('\0') == absl::string_view::npos) {
    if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return IpAddress(std::span(bytes.data(), 4));
    if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return IpAddress(bytes);
  }
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is not an IPv4 or IPv6 address"));
}

absl::StatusOr<IpAddress> IpAddress::FromBytes(absl::string_view bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) {
    return absl::InvalidArgumentError(absl::StrCat("an address has 4 or 16 bytes, not ", bytes.size()));
  }
  return IpAddress(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

std::string IpAddress::ToBytes() const { return std::string(bytes().begin(), bytes().end()); }

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(family_ == Family::kIpv4 ? AF_INET : AF_INET6, bytes_.data(), text, sizeof(text));
  return text;
}

std::optional<IpAddress> IpAddress::Next() const {
  IpAddress next = *this;
  for (auto byte = static_cast<std::size_t>(bits() / 8); byte-- > 0;) {
    if (++next.bytes_[byte] != 0) return next;
  }
  return std::nullopt;
}

absl::StatusOr<Prefix> Prefix::Containing(const IpAddress& address, int length) {
  if (length < 0 || length > address.bits()) {
    return absl::InvalidArgumentError(absl::StrCat("prefix length ", length, " is not within 0 to ", address.bits()));
  }
  Prefix prefix;
  prefix.address_ = WithTail(address, length, false);
  prefix.length_ = length;
  return prefix;
}

absl::StatusOr<Prefix> Prefix::Parse(absl::string_view text) {
  const std::size_t slash = text.find('/');
  absl::StatusOr<IpAddress> address = IpAddress::Parse(text.substr(0, slash));
  if (!address.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not a CIDR; write for example 172.32.0.0/16 or fd20::/48"));
  }
  if (slash == absl::string_view::npos) return Prefix(*address);
  int length = 0;
  const absl::string_view digits = text.substr(slash + 1);
  const bool plain = !digits.empty() && digits.find_first_not_of("0123456789") == absl::string_view::npos;
  if (!plain || !absl::SimpleAtoi(digits, &length) || length > address->bits()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not a CIDR: its length must be within 0 to ", address->bits()));
  }
  absl::StatusOr<Prefix> prefix = Containing(*address, length);
  if (prefix.ok() && prefix->address() != *address) {
    return absl::InvalidArgumentError(absl::StrCat("CIDR '", text, "' has host bits set; did you mean ",
                                                   prefix->ToString(), " or ", address->ToString(), "/",
                                                   address->bits(), "?"));
  }
  return prefix;
}

bool Prefix::Contains(const IpAddress& address) const {
  return address.family() == family() && WithTail(address, length_, false) == address_;
}

bool Prefix::Contains(const Prefix& other) const { return other.length_ >= length_ && Contains(other.address_); }

IpAddress Prefix::Last() const { return WithTail(address_, length_, true); }

IpAddress Prefix::Mask() const {
  const Prefix all = *Containing(address_, 0);
  return WithTail(all.Last(), length_, false);
}

std::string Prefix::ToString() const { return absl::StrCat(address_.ToString(), "/", length_); }

}  // namespace faultline
