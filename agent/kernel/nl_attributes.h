#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/strings/string_view.h"

namespace faultline {

// Netlink attributes one after another, as a message or a nest has them. Numbers are in network byte order, as
// nf_tables has them. A view of bytes that may be anything: what does not fit is taken for absent. (libnftnl ends the
// process when an attribute's size surprises it.)
class NlAttributes {
 public:
  using Bytes = std::span<const std::uint8_t>;

  explicit NlAttributes(Bytes bytes) : bytes_(bytes) {}

  // The first attribute of the type; none when there is none, or when it cannot be such a value.
  std::optional<std::uint32_t> U32(std::uint16_t type) const;
  std::optional<std::uint64_t> U64(std::uint16_t type) const;
  // Up to its first NUL, which must be there.
  std::optional<absl::string_view> Text(std::uint16_t type) const;
  // Without attributes when it is absent.
  NlAttributes Nest(std::uint16_t type) const;

  // Every attribute of the type, in order.
  std::vector<Bytes> All(std::uint16_t type) const;

 private:
  std::optional<Bytes> Find(std::uint16_t type) const;

  Bytes bytes_;
};

}  // namespace faultline
