#include "agent/kernel/nl_attributes.h"

#include <endian.h>
#include <libmnl/libmnl.h>

#include <algorithm>
#include <cstring>

namespace faultline {
namespace {

template <typename Number>
std::optional<Number> NumberIn(const std::optional<NlAttributes::Bytes>& bytes) {
  if (!bytes || bytes->size() != sizeof(Number)) return std::nullopt;
  Number number;
  std::memcpy(&number, bytes->data(), sizeof(number));
  return number;
}

}  // namespace

std::optional<std::uint32_t> NlAttributes::U32(std::uint16_t type) const {
  const auto number = NumberIn<std::uint32_t>(Find(type));
  return number ? std::optional(be32toh(*number)) : std::nullopt;
}

std::optional<std::uint64_t> NlAttributes::U64(std::uint16_t type) const {
  const auto number = NumberIn<std::uint64_t>(Find(type));
  return number ? std::optional(be64toh(*number)) : std::nullopt;
}

std::optional<absl::string_view> NlAttributes::Text(std::uint16_t type) const {
  const std::optional<Bytes> bytes = Find(type);
  if (!bytes || std::ranges::find(*bytes, 0) == bytes->end()) return std::nullopt;
  return absl::string_view(reinterpret_cast<const char*>(bytes->data()));
}

NlAttributes NlAttributes::Nest(std::uint16_t type) const { return NlAttributes(Find(type).value_or(Bytes())); }

std::vector<NlAttributes::Bytes> NlAttributes::All(std::uint16_t type) const {
  std::vector<Bytes> found;
  for (Bytes left = bytes_; left.size() >= sizeof(nlattr);) {
    const auto* attribute = reinterpret_cast<const nlattr*>(left.data());
    if (mnl_attr_ok(attribute, static_cast<int>(left.size())) == 0) break;
    if (mnl_attr_get_type(attribute) == type) {
      found.emplace_back(left.subspan(MNL_ATTR_HDRLEN, mnl_attr_get_payload_len(attribute)));
    }
    left = left.subspan(std::min<std::size_t>(MNL_ALIGN(mnl_attr_get_len(attribute)), left.size()));
  }
  return found;
}

std::optional<NlAttributes::Bytes> NlAttributes::Find(std::uint16_t type) const {
  const std::vector<Bytes> found = All(type);
  return found.empty() ? std::nullopt : std::optional(found.front());
}

}  // namespace faultline
