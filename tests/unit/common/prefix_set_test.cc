#include "common/prefix_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bitset>
#include <random>
#include <string>
#include <utility>

namespace faultline {
namespace {

IpAddress Ip(absl::string_view text) { return IpAddress::Parse(text).value(); }

PrefixSet Set(const std::vector<std::string>& texts) {
  std::vector<Prefix> prefixes;
  for (const std::string& text : texts) prefixes.push_back(Prefix::Parse(text).value());
  return PrefixSet(prefixes);
}

TEST(PrefixSetTest, SortsMergesAndDropsWhatIsInside) {
  EXPECT_EQ(Set({"fd20::/48", "10.2.0.0/16", "10.1.0.0/16"}).ToString(), "10.1.0.0/16, 10.2.0.0/16, fd20::/48");
  EXPECT_EQ(Set({"10.0.0.0/16", "10.1.0.0/16"}).ToString(), "10.0.0.0/15");
  EXPECT_EQ(Set({"10.0.5.0/24", "10.0.0.0/8", "10.0.0.0/8"}).ToString(), "10.0.0.0/8");
  EXPECT_EQ(Set({"10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3"}).ToString(), "10.0.0.0/30");
  EXPECT_EQ(Set({"0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"}).ToString(), "0.0.0.0/0, ::/0");
}

TEST(PrefixSetTest, KnowsItsFamilies) {
  EXPECT_FALSE(PrefixSet().HasFamily(Family::kIpv4));
  EXPECT_FALSE(PrefixSet().HasFamily(Family::kIpv6));
  EXPECT_TRUE(Set({"10.0.0.0/8"}).HasFamily(Family::kIpv4));
  EXPECT_FALSE(Set({"10.0.0.0/8"}).HasFamily(Family::kIpv6));
  EXPECT_TRUE(Set({"10.0.0.0/8", "::1"}).HasFamily(Family::kIpv4));
  EXPECT_TRUE(Set({"10.0.0.0/8", "::1"}).HasFamily(Family::kIpv6));
}

TEST(PrefixSetTest, CutsLongTexts) {
  EXPECT_EQ(Set({"10.0.0.1", "10.0.0.3", "10.0.0.5", "10.0.0.7"}).ToString(2), "10.0.0.1/32, 10.0.0.3/32 and 2 more");
  EXPECT_EQ(PrefixSet().ToString(), "");
}

TEST(PrefixSetTest, IsAValueAlsoAfterAMove) {
  PrefixSet set = Set({"10.0.0.0/8"});
  const PrefixSet moved = std::move(set);
  EXPECT_EQ(moved, Set({"10.0.0.0/8"}));
  set = Set({"11.0.0.0/8"});
  EXPECT_NE(set, moved);
  EXPECT_LT(moved, set);
  EXPECT_EQ(PrefixSet(), Set({}));
  EXPECT_LT(PrefixSet(), moved);
}

// One bit for every address of 10.0.0.0/24.
using Bitmap = std::bitset<256>;

struct Both {
  PrefixSet set;
  Bitmap bitmap;
};

Both RandomBoth(std::mt19937& random) {
  std::vector<Prefix> prefixes;
  Bitmap bitmap;
  for (auto count = random() % 20; count > 0; --count) {
    const int length = 24 + static_cast<int>(random() % 9);
    const std::uint8_t bytes[] = {10, 0, 0, static_cast<std::uint8_t>(random())};
    prefixes.push_back(Prefix::Containing(IpAddress(bytes), length).value());
    const std::size_t size = std::size_t{1} << (32 - length);
    const std::size_t first = bytes[3] / size * size;
    for (std::size_t i = first; i < first + size; ++i) bitmap.set(i);
  }
  return {PrefixSet(prefixes), bitmap};
}

Bitmap BitmapOf(const PrefixSet& set) {
  Bitmap bitmap;
  for (int i = 0; i < 256; ++i) {
    const std::uint8_t bytes[] = {10, 0, 0, static_cast<std::uint8_t>(i)};
    if (set.Contains(IpAddress(bytes))) bitmap.set(static_cast<std::size_t>(i));
  }
  return bitmap;
}

// The fewest prefixes for a stretch of the bitmap: by halves.
std::size_t Fewest(const Bitmap& bitmap, std::size_t first, std::size_t size) {
  std::size_t set = 0;
  for (std::size_t i = first; i < first + size; ++i) set += bitmap[i] ? 1 : 0;
  if (set == 0 || set == size) return set == 0 ? 0 : 1;
  return Fewest(bitmap, first, size / 2) + Fewest(bitmap, first + size / 2, size / 2);
}

TEST(PrefixSetTest, EqualsABitmap) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const Both a = RandomBoth(random);
    const Both b = RandomBoth(random);
    ASSERT_EQ(BitmapOf(a.set), a.bitmap);
    ASSERT_EQ(a.set.prefixes().size(), Fewest(a.bitmap, 0, 256)) << a.set.ToString(99);
    ASSERT_EQ(a.set.Overlaps(b.set), (a.bitmap & b.bitmap).any());
    ASSERT_EQ(b.set.Overlaps(a.set), (a.bitmap & b.bitmap).any());
    ASSERT_EQ(a.set == b.set, a.bitmap == b.bitmap);
    const PrefixSet both = a.set.Union(b.set);
    ASSERT_EQ(BitmapOf(both), a.bitmap | b.bitmap);
    ASSERT_EQ(both.prefixes().size(), Fewest(a.bitmap | b.bitmap, 0, 256));
    ASSERT_EQ(both == a.set, (a.bitmap | b.bitmap) == a.bitmap);
    const PrefixSet shared = a.set.Intersection(b.set);
    ASSERT_EQ(BitmapOf(shared), a.bitmap & b.bitmap);
    ASSERT_EQ(shared.prefixes().size(), Fewest(a.bitmap & b.bitmap, 0, 256));
    const PrefixSet rest = a.set.Subtract(b.set);
    ASSERT_EQ(BitmapOf(rest), a.bitmap & ~b.bitmap);
    ASSERT_EQ(rest.prefixes().size(), Fewest(a.bitmap & ~b.bitmap, 0, 256));
    const PrefixSet outside = a.set.Complement();
    ASSERT_EQ(BitmapOf(outside), ~a.bitmap);
    ASSERT_EQ(outside.Complement(), a.set);
  }
}

TEST(PrefixSetTest, TakesAwayInEitherFamily) {
  EXPECT_EQ(Set({"10.0.0.0/8", "fd20::/48"}).Subtract(Set({"10.128.0.0/9", "fd20::/49"})).ToString(),
            "10.0.0.0/9, fd20:0:0:8000::/49");
  EXPECT_EQ(Set({"10.0.0.0/30", "10.0.0.8/30"}).Subtract(Set({"10.0.0.0/24"})), PrefixSet());
  EXPECT_EQ(Set({"10.0.0.0/30", "fd20::/48"}).Subtract(Set({"::/0"})).ToString(), "10.0.0.0/30");
  EXPECT_EQ(Set({"10.0.0.0/30"}).Subtract(Set({"10.0.0.1"})).ToString(), "10.0.0.0/32, 10.0.0.2/31");
  EXPECT_EQ(Set({"10.0.0.0/8", "fd20::/48"}).Intersection(Set({"10.1.0.0/16", "fd00::/8"})).ToString(),
            "10.1.0.0/16, fd20::/48");
}

TEST(PrefixSetTest, TheComplementIsAllElse) {
  EXPECT_EQ(PrefixSet().Complement().ToString(), "0.0.0.0/0, ::/0");
  EXPECT_EQ(Set({"0.0.0.0/0", "::/0"}).Complement(), PrefixSet());
  EXPECT_EQ(Set({"128.0.0.0/2"}).Complement().ToString(), "0.0.0.0/1, 192.0.0.0/2, ::/0");
  const PrefixSet without_one = Set({"fd20::1"}).Complement();
  EXPECT_EQ(without_one.prefixes().size(), 129U);
  EXPECT_FALSE(without_one.Contains(Ip("fd20::1")));
  EXPECT_TRUE(without_one.Contains(Ip("fd20::")));
}

TEST(PrefixSetTest, KeepsFamiliesApart) {
  const PrefixSet all_v4 = Set({"0.0.0.0/0"});
  EXPECT_FALSE(all_v4.Contains(Ip("::")));
  EXPECT_FALSE(all_v4.Overlaps(Set({"::/0"})));
  EXPECT_TRUE(Set({"10.0.0.1", "fd20::/48"}).Overlaps(Set({"fd20::5"})));
}

}  // namespace
}  // namespace faultline
