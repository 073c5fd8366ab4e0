#include "agent/kernel/nl_attributes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

// Little-endian headers, as the machines have them that this runs on: length, type, payload, padding.
const std::vector<std::uint8_t> kBytes = {
    8,  0, 1, 0,    0,   0,   1,   2,                 // a number of 4 bytes
    12, 0, 2, 0,    0,   0,   0,   0,    0, 0, 1, 0,  // one of 8
    7,  0, 3, 0,    'h', 'i', 0,   0xff,              // a text, padded
    7,  0, 4, 0,    'n', 'o', 't', 0xff,              // one that does not end
    12, 0, 5, 0x80, 8,   0,   1,   0,    0, 0, 0, 7,  // a nest
    5,  0, 6, 0,    1,   0,   0,   0,                 // one byte
    5,  0, 6, 0,    2,   0,   0,   0,                 // and another of the type
};

TEST(NlAttributesTest, ReadsWhatIsThere) {
  const NlAttributes attributes(kBytes);
  EXPECT_THAT(attributes.U32(1), Optional(0x102u));
  EXPECT_THAT(attributes.U64(2), Optional(0x100u));
  EXPECT_THAT(attributes.Text(3), Optional(absl::string_view("hi")));
  EXPECT_THAT(attributes.Nest(5).U32(1), Optional(7u));
  EXPECT_THAT(attributes.All(6), ElementsAre(ElementsAre(1), ElementsAre(2)));
}

TEST(NlAttributesTest, WhatDoesNotFitIsAbsent) {
  const NlAttributes attributes(kBytes);
  EXPECT_EQ(attributes.U64(1), std::nullopt);
  EXPECT_EQ(attributes.U32(2), std::nullopt);
  EXPECT_EQ(attributes.Text(1), absl::string_view("")) << "a number may begin with a NUL";
  EXPECT_EQ(attributes.Text(4), std::nullopt);
  EXPECT_EQ(attributes.U32(9), std::nullopt);
  EXPECT_EQ(attributes.Nest(9).U32(1), std::nullopt);
}

TEST(NlAttributesTest, EndsWhereTheBytesDo) {
  for (std::size_t size = 0; size < kBytes.size(); ++size) {
    const NlAttributes attributes(NlAttributes::Bytes(kBytes).first(size));
    EXPECT_EQ(attributes.U32(1).has_value(), size >= 8) << size;
    EXPECT_EQ(attributes.U64(2).has_value(), size >= 20) << size;
    EXPECT_EQ(attributes.Nest(5).U32(1).has_value(), size >= 48) << size;
  }
  // Shorter than its own header, and longer than all there is.
  EXPECT_THAT(NlAttributes(std::vector<std::uint8_t>{3, 0, 1, 0}).All(1), IsEmpty());
  EXPECT_THAT(NlAttributes(std::vector<std::uint8_t>{0xff, 0xff, 1, 0, 0}).All(1), IsEmpty());
  EXPECT_THAT(NlAttributes(std::vector<std::uint8_t>{4, 0, 1, 0}).All(1), ElementsAre(SizeIs(0)));
}

}  // namespace
}  // namespace faultline
