#include "agent/kernel/nft_set.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/kernel/nft_numbers.h"
#include "agent/kernel/nft_object.h"

namespace faultline {
namespace {

// IFNAMSIZ.
constexpr std::uint32_t kInterfaceNameSize = 16;

// What nft leaves with every set of its own, to print the elements by: the key's byte order.
constexpr std::uint32_t kHostEndian = 1;
constexpr std::uint32_t kBigEndian = 2;

struct TypeInfo {
  // The number by which nft knows the type; the kernel only keeps it.
  std::uint32_t number;
  std::uint32_t size;
  std::uint32_t byte_order = kBigEndian;
};

TypeInfo InfoOf(NftType type) {
  switch (type) {
    case NftType::kIpv4Address:
      return {.number = 7, .size = 4};
    case NftType::kIpv6Address:
      return {.number = 8, .size = 16};
    case NftType::kEtherType:
      return {.number = 10, .size = 2};
    case NftType::kInetProtocol:
      return {.number = 12, .size = 1};
    case NftType::kInetService:
      return {.number = 13, .size = 2};
    case NftType::kIcmpv6Type:
      return {.number = 29, .size = 1};
    case NftType::kInterfaceName:
      return {.number = 41, .size = kInterfaceNameSize, .byte_order = kHostEndian};
  }
  return {};
}

// A set object that refers to a set: enough to delete it or to name its elements.
NftSet Reference(const TableId& table, const std::string& name, std::uint32_t id) {
  NftSet set(nftnl_set_alloc());
  nftnl_set_set_u32(set.get(), NFTNL_SET_FAMILY, NumberOf(table.family));
  nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, table.name);
  nftnl_set_set_str(set.get(), NFTNL_SET_NAME, name.c_str());
  if (id != 0) nftnl_set_set_u32(set.get(), NFTNL_SET_ID, id);
  return set;
}

NftSet Definition(const TableId& table, const std::string& name, std::uint32_t id, NftType type, std::uint32_t flags) {
  NftSet set = Reference(table, name, id);
  const TypeInfo info = InfoOf(type);
  nftnl_set_set_u32(set.get(), NFTNL_SET_FLAGS, flags);
  nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_TYPE, info.number);
  nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_LEN, info.size);
  std::uint8_t user_data[2 + sizeof(info.byte_order)] = {NFTNL_UDATA_SET_KEYBYTEORDER, sizeof(info.byte_order)};
  std::memcpy(user_data + 2, &info.byte_order, sizeof(info.byte_order));
  nftnl_set_set_data(set.get(), NFTNL_SET_USERDATA, user_data, sizeof(user_data));
  return set;
}

void AddElement(nftnl_set& set, std::span<const std::uint8_t> key, std::uint32_t flags,
                std::optional<std::chrono::milliseconds> timeout = std::nullopt) {
  nftnl_set_elem* element = nftnl_set_elem_alloc();
  nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, key.data(), static_cast<std::uint32_t>(key.size()));
  if (flags != 0) nftnl_set_elem_set_u32(element, NFTNL_SET_ELEM_FLAGS, flags);
  if (timeout) {
    nftnl_set_elem_set_u64(element, NFTNL_SET_ELEM_TIMEOUT, static_cast<std::uint64_t>(timeout->count()));
  }
  nftnl_set_elem_add(&set, element);
}

void AddElements(NftBatch& batch, const TableId& table, const std::string& name, std::uint32_t id,
                 std::span<const NftSetElement> elements) {
  if (!elements.empty()) batch.AddElements(*Reference(table, name, id), elements);
}

NftSetElement ElementOf(std::span<const std::uint8_t> key, std::uint32_t flags = 0) {
  NftSetElement element{.key = {}, .size = static_cast<std::uint8_t>(key.size()), .flags = flags};
  std::copy(key.begin(), key.end(), element.key.begin());
  return element;
}

std::span<const std::uint8_t> KeyOf(const NftSetElement& element) { return {element.key.data(), element.size}; }

// Where a range that ends with this key has ended; nothing after the last key.
std::optional<NftSetElement> EndAfter(std::span<const std::uint8_t> last) {
  NftSetElement end = ElementOf(last, NFT_SET_ELEM_INTERVAL_END);
  for (std::size_t byte = last.size(); byte-- > 0;) {
    if (++end.key[byte] != 0) return end;
  }
  return std::nullopt;
}

// Appends a range to the kernel's form of a set of ranges: where each begins, and, marked, where it has ended; no end
// for a range up to the last key. As nft sends it: ranges that touch are one, so that nothing ends where something
// begins, and a set that does not begin with key zero gets an end there.
void AppendRange(std::vector<NftSetElement>& elements, std::span<const std::uint8_t> first,
                 std::span<const std::uint8_t> last) {
  if (elements.empty() && std::ranges::any_of(first, [](auto byte) { return byte != 0; })) {
    elements.push_back(
        {.key = {}, .size = static_cast<std::uint8_t>(first.size()), .flags = NFT_SET_ELEM_INTERVAL_END});
  }
  if (!elements.empty() && std::ranges::equal(KeyOf(elements.back()), first)) {
    elements.pop_back();
  } else {
    elements.push_back(ElementOf(first));
  }
  if (const auto end = EndAfter(last)) elements.push_back(*end);
}

std::vector<NftSetElement> RangeElements(std::span<const Prefix> prefixes) {
  std::vector<NftSetElement> elements;
  elements.reserve(2 * prefixes.size() + 1);
  for (const Prefix& prefix : prefixes) {
    const IpAddress last = prefix.Last();
    AppendRange(elements, prefix.address().bytes(), last.bytes());
  }
  return elements;
}

std::vector<NftSetElement> ValueElements(std::span<const NftKey> values) {
  std::vector<NftSetElement> elements;
  for (const NftKey& value : values) elements.push_back(ElementOf(value));
  return elements;
}

NftType AddressType(std::span<const Prefix> prefixes) {
  return prefixes.front().family() == Family::kIpv4 ? NftType::kIpv4Address : NftType::kIpv6Address;
}

NftAnonymousSet AddAnonymous(NftBatch& batch, const TableId& table, NftType type, std::uint32_t flags,
                             std::span<const NftSetElement> elements, std::string text) {
  const std::uint32_t id = batch.NextSetId();
  const NftSet set = Definition(table, kAnonymousSetName, id, type, NFT_SET_ANONYMOUS | NFT_SET_CONSTANT | flags);
  nftnl_set_set_u32(set.get(), NFTNL_SET_DESC_SIZE, static_cast<std::uint32_t>(elements.size()));
  batch.Set(NftVerb::kAdd, *set);
  AddElements(batch, table, kAnonymousSetName, id, elements);
  return {id, std::move(text)};
}

}  // namespace

NftKey PortKey(std::uint16_t port) { return {static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port)}; }

NftKey InterfaceKey(const std::string& name) {
  NftKey key(name.begin(), name.end());
  key.resize(kInterfaceNameSize, 0);
  return key;
}

void AddTimeoutSet(NftBatch& batch, const TableId& table, const std::string& name, NftType type) {
  batch.Set(NftVerb::kCreate, *Definition(table, name, batch.NextSetId(), type, NFT_SET_TIMEOUT));
}

void AddPrefixSet(NftBatch& batch, const TableId& table, const std::string& name, std::span<const Prefix> prefixes) {
  const std::uint32_t id = batch.NextSetId();
  batch.Set(NftVerb::kCreate, *Definition(table, name, id, AddressType(prefixes), NFT_SET_INTERVAL));
  AddElements(batch, table, name, id, RangeElements(prefixes));
}

NftAnonymousSet AddAnonymousPrefixSet(NftBatch& batch, const TableId& table, std::span<const Prefix> prefixes) {
  const auto append = [](std::string* out, const Prefix& prefix) { out->append(prefix.ToString()); };
  std::string text = absl::StrCat("{ ", absl::StrJoin(prefixes.begin(), prefixes.end(), ", ", append), " }");
  return AddAnonymous(batch, table, AddressType(prefixes), NFT_SET_INTERVAL, RangeElements(prefixes), std::move(text));
}

NftAnonymousSet AddAnonymousPortSet(NftBatch& batch, const TableId& table, std::span<const PortRange> ranges) {
  const auto append = [](std::string* out, const PortRange& range) { out->append(FormatPortRange(range)); };
  std::string text = absl::StrCat("{ ", absl::StrJoin(ranges.begin(), ranges.end(), ", ", append), " }");
  std::vector<NftSetElement> elements;
  if (std::all_of(ranges.begin(), ranges.end(), [](const PortRange& range) { return range.first == range.last; })) {
    for (const PortRange& range : ranges) elements.push_back(ElementOf(PortKey(range.first)));
    return AddAnonymous(batch, table, NftType::kInetService, 0, elements, std::move(text));
  }
  for (const PortRange& range : ranges) AppendRange(elements, PortKey(range.first), PortKey(range.last));
  return AddAnonymous(batch, table, NftType::kInetService, NFT_SET_INTERVAL, elements, std::move(text));
}

void AddValueSet(NftBatch& batch, const TableId& table, const std::string& name, NftType type,
                 std::span<const NftKey> values) {
  const std::uint32_t id = batch.NextSetId();
  batch.Set(NftVerb::kCreate, *Definition(table, name, id, type, 0));
  AddElements(batch, table, name, id, ValueElements(values));
}

NftAnonymousSet AddAnonymousSet(NftBatch& batch, const TableId& table, NftType type, std::span<const NftKey> values,
                                std::string text) {
  return AddAnonymous(batch, table, type, 0, ValueElements(values), std::move(text));
}

void ChangeElement(NftBatch& batch, NftVerb verb, const TableId& table, const std::string& set,
                   std::span<const std::uint8_t> value, std::optional<std::chrono::milliseconds> timeout) {
  const NftSet reference = Reference(table, set, 0);
  AddElement(*reference, value, 0, timeout);
  batch.Elements(verb, *reference);
}

void DeleteSet(NftBatch& batch, const TableId& table, const std::string& name) {
  batch.Set(NftVerb::kDelete, *Reference(table, name, 0));
}

}  // namespace faultline
