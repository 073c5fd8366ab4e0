#include "agent/kernel/nft_set.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/kernel/nft_names.h"
#include "agent/kernel/nft_object.h"

namespace faultline {
namespace {

struct TypeInfo {
  // The number by which nft knows the type; the kernel only keeps it.
  std::uint32_t number;
  std::uint32_t size;
};

TypeInfo InfoOf(NftType type) {
  switch (type) {
    case NftType::kIpv4Address:
      return {.number = 7, .size = 4};
    case NftType::kIpv6Address:
      return {.number = 8, .size = 16};
    case NftType::kEtherType:
      return {.number = 10, .size = 2};
    case NftType::kInetService:
      return {.number = 13, .size = 2};
    case NftType::kIcmpv6Type:
      return {.number = 29, .size = 1};
  }
  return {};
}

struct Element {
  std::vector<std::uint8_t> key;
  std::uint32_t flags = 0;
};

// A set object that refers to a set: enough to delete it or to name its elements.
NftSet Reference(const std::string& name, std::uint32_t id) {
  NftSet set(nftnl_set_alloc());
  nftnl_set_set_u32(set.get(), NFTNL_SET_FAMILY, NFPROTO_NETDEV);
  nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, kTableName);
  nftnl_set_set_str(set.get(), NFTNL_SET_NAME, name.c_str());
  if (id != 0) nftnl_set_set_u32(set.get(), NFTNL_SET_ID, id);
  return set;
}

NftSet Definition(const std::string& name, std::uint32_t id, NftType type, std::uint32_t flags) {
  NftSet set = Reference(name, id);
  const TypeInfo info = InfoOf(type);
  nftnl_set_set_u32(set.get(), NFTNL_SET_FLAGS, flags);
  nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_TYPE, info.number);
  nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_LEN, info.size);
  // What nft leaves with every set of its own, to print the elements by: the key's byte order.
  constexpr std::uint32_t kBigEndian = 2;
  std::uint8_t user_data[2 + sizeof(kBigEndian)] = {NFTNL_UDATA_SET_KEYBYTEORDER, sizeof(kBigEndian)};
  std::memcpy(user_data + 2, &kBigEndian, sizeof(kBigEndian));
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

void AddElements(NftBatch& batch, const std::string& name, std::uint32_t id, std::span<const Element> elements) {
  while (!elements.empty()) {
    const auto part = elements.first(std::min(elements.size(), NftBatch::kMaxElements));
    const NftSet set = Reference(name, id);
    for (const Element& element : part) AddElement(*set, element.key, element.flags);
    batch.Elements(NftVerb::kAdd, *set);
    elements = elements.subspan(part.size());
  }
}

std::vector<std::uint8_t> KeyOf(const IpAddress& address) { return {address.bytes().begin(), address.bytes().end()}; }

// The address after; nothing after the last one of its family.
std::optional<std::vector<std::uint8_t>> After(const IpAddress& address) {
  std::vector<std::uint8_t> bytes = KeyOf(address);
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    if (++*byte != 0) return bytes;
  }
  return std::nullopt;
}

// The kernel's form of a set of ranges: where each begins, and, marked, where it has ended; no end for a range up to
// the last address. As nft sends it: ranges that touch are one, so that nothing ends where something begins, and a set
// that does not begin with address zero gets an end there.
std::vector<Element> RangeElements(std::span<const Prefix> prefixes) {
  std::vector<Element> elements;
  elements.reserve(2 * prefixes.size() + 1);
  for (const Prefix& prefix : prefixes) {
    Element start{.key = KeyOf(prefix.address())};
    if (elements.empty() && std::any_of(start.key.begin(), start.key.end(), [](auto byte) { return byte != 0; })) {
      elements.push_back({std::vector<std::uint8_t>(start.key.size(), 0), NFT_SET_ELEM_INTERVAL_END});
    }
    if (!elements.empty() && elements.back().key == start.key) {
      elements.pop_back();
    } else {
      elements.push_back(std::move(start));
    }
    if (auto end = After(prefix.Last())) elements.push_back({*std::move(end), NFT_SET_ELEM_INTERVAL_END});
  }
  return elements;
}

NftType AddressType(std::span<const Prefix> prefixes) {
  return prefixes.front().family() == Family::kIpv4 ? NftType::kIpv4Address : NftType::kIpv6Address;
}

NftAnonymousSet AddAnonymous(NftBatch& batch, NftType type, std::uint32_t flags, std::span<const Element> elements,
                             std::string text) {
  const std::uint32_t id = batch.NextSetId();
  const NftSet set = Definition(kAnonymousSetName, id, type, NFT_SET_ANONYMOUS | NFT_SET_CONSTANT | flags);
  nftnl_set_set_u32(set.get(), NFTNL_SET_DESC_SIZE, static_cast<std::uint32_t>(elements.size()));
  batch.Set(NftVerb::kAdd, *set);
  AddElements(batch, kAnonymousSetName, id, elements);
  return {id, std::move(text)};
}

}  // namespace

void AddTimeoutSet(NftBatch& batch, const std::string& name, NftType type) {
  batch.Set(NftVerb::kCreate, *Definition(name, batch.NextSetId(), type, NFT_SET_TIMEOUT));
}

void AddPrefixSet(NftBatch& batch, const std::string& name, std::span<const Prefix> prefixes) {
  const std::uint32_t id = batch.NextSetId();
  batch.Set(NftVerb::kCreate, *Definition(name, id, AddressType(prefixes), NFT_SET_INTERVAL));
  AddElements(batch, name, id, RangeElements(prefixes));
}

NftAnonymousSet AddAnonymousPrefixSet(NftBatch& batch, std::span<const Prefix> prefixes) {
  const auto append = [](std::string* out, const Prefix& prefix) { out->append(prefix.ToString()); };
  std::string text = absl::StrCat("{ ", absl::StrJoin(prefixes.begin(), prefixes.end(), ", ", append), " }");
  return AddAnonymous(batch, AddressType(prefixes), NFT_SET_INTERVAL, RangeElements(prefixes), std::move(text));
}

NftAnonymousSet AddAnonymousSet(NftBatch& batch, NftType type, std::span<const std::vector<std::uint8_t>> values,
                                std::string text) {
  std::vector<Element> elements;
  for (const auto& value : values) elements.push_back({.key = value});
  return AddAnonymous(batch, type, 0, elements, std::move(text));
}

void ChangeElement(NftBatch& batch, NftVerb verb, const std::string& set, std::span<const std::uint8_t> value,
                   std::optional<std::chrono::milliseconds> timeout) {
  const NftSet reference = Reference(set, 0);
  AddElement(*reference, value, 0, timeout);
  batch.Elements(verb, *reference);
}

void DeleteSet(NftBatch& batch, const std::string& name) { batch.Set(NftVerb::kDelete, *Reference(name, 0)); }

}  // namespace faultline
