// That elements written by ourselves are, byte for byte, what libnftnl makes of them.

#include "agent/kernel/nft_batch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "agent/kernel/nft_object.h"

namespace faultline {
namespace {

NftSet TheSet() {
  NftSet set(nftnl_set_alloc());
  nftnl_set_set_u32(set.get(), NFTNL_SET_FAMILY, NFPROTO_NETDEV);
  nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, "faultline");
  nftnl_set_set_str(set.get(), NFTNL_SET_NAME, "r/p0/v4");
  nftnl_set_set_u32(set.get(), NFTNL_SET_ID, 7);
  return set;
}

// Keys of so many bytes that all differ, every other one marked as an end.
std::vector<NftSetElement> ManyElements(std::size_t count, std::uint8_t size) {
  std::vector<NftSetElement> elements(count);
  for (std::size_t i = 0; i < count; ++i) {
    elements[i].size = size;
    elements[i].key[0] = static_cast<std::uint8_t>(i >> 8);
    elements[i].key[size - 1] = static_cast<std::uint8_t>(i);
    elements[i].flags = i % 2 == 0 ? 0 : NFT_SET_ELEM_INTERVAL_END;
  }
  return elements;
}

std::vector<std::uint8_t> ByLibnftnl(std::span<const NftSetElement> elements) {
  NftBatch batch(5);
  while (!elements.empty()) {
    const auto part = elements.first(std::min(elements.size(), NftBatch::kMaxElements));
    const NftSet set = TheSet();
    for (const NftSetElement& element : part) {
      nftnl_set_elem* made = nftnl_set_elem_alloc();
      nftnl_set_elem_set(made, NFTNL_SET_ELEM_KEY, element.key.data(), element.size);
      if (element.flags != 0) nftnl_set_elem_set_u32(made, NFTNL_SET_ELEM_FLAGS, element.flags);
      nftnl_set_elem_add(set.get(), made);
    }
    batch.Elements(NftVerb::kAdd, *set);
    elements = elements.subspan(part.size());
  }
  return batch.Encode();
}

std::vector<std::uint8_t> ByBatch(std::span<const NftSetElement> elements) {
  NftBatch batch(5);
  batch.AddElements(*TheSet(), elements);
  return batch.Encode();
}

TEST(NftBatchTest, ElementsAreAsLibnftnlHasThem) {
  for (const std::uint8_t size : {1, 2, 4, 16}) {
    for (const std::size_t count : {1, 999, 1000, 1001, 2500}) {
      SCOPED_TRACE(::testing::Message() << count << " keys of " << int{size} << " bytes");
      EXPECT_EQ(ByBatch(ManyElements(count, size)), ByLibnftnl(ManyElements(count, size)));
    }
  }
}

TEST(NftBatchTest, NoElementsAreNoMessage) {
  NftBatch batch(5);
  batch.AddElements(*TheSet(), {});
  EXPECT_TRUE(batch.empty());
}

}  // namespace
}  // namespace faultline
