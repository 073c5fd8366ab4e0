#include "common/prefix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace faultline {
namespace {

IpAddress Address(absl::string_view text) { return IpAddress::Parse(text).value(); }
Prefix Cidr(absl::string_view text) { return Prefix::Parse(text).value(); }

TEST(IpAddressTest, ReadsAndWritesBothFamilies) {
  for (const std::string text :
       {"0.0.0.0", "172.32.15.231", "255.255.255.255", "::", "fd20::1", "2001:db8:1:2:3:4:5:6"}) {
    EXPECT_EQ(Address(text).ToString(), text);
    EXPECT_EQ(IpAddress::FromBytes(Address(text).ToBytes()).value(), Address(text));
  }
  EXPECT_EQ(Address("FD20:0:0:0::1").ToString(), "fd20::1");
  EXPECT_EQ(Address("10.0.0.1").bits(), 32);
  EXPECT_EQ(Address("::1").bits(), 128);
  EXPECT_EQ(IpAddress(), Address("0.0.0.0"));
}

TEST(IpAddressTest, RefusesOthers) {
  for (const std::string text : {"", "10.0.0", "10.0.0.256", "10.0.0.1 ", "01.2.3.4", "fd20::g", "fe80::1%eth0", "x"}) {
    EXPECT_EQ(IpAddress::Parse(text).status().message(), "'" + text + "' is not an IPv4 or IPv6 address");
  }
  EXPECT_FALSE(IpAddress::Parse(absl::string_view("10.0.0.1\0x", 10)).ok());
  EXPECT_EQ(IpAddress::FromBytes("abc").status().message(), "an address has 4 or 16 bytes, not 3");
}

TEST(IpAddressTest, OrdersByFamilyThenBytes) {
  EXPECT_LT(Address("10.0.0.1"), Address("10.0.0.2"));
  EXPECT_LT(Address("255.255.255.255"), Address("::"));
  EXPECT_NE(Address("0.0.0.0"), Address("::"));
}

TEST(IpAddressTest, HasOneAfter) {
  EXPECT_EQ(Address("10.0.0.9").Next(), Address("10.0.0.10"));
  EXPECT_EQ(Address("10.0.255.255").Next(), Address("10.1.0.0"));
  EXPECT_EQ(Address("255.255.255.255").Next(), std::nullopt);
  EXPECT_EQ(Address("fd20::ffff").Next(), Address("fd20::1:0"));
  EXPECT_EQ(Address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").Next(), std::nullopt);
}

TEST(PrefixTest, HasAMask) {
  for (const auto& [prefix, mask] :
       std::vector<std::pair<std::string, std::string>>{{"0.0.0.0/0", "0.0.0.0"},
                                                        {"10.0.0.0/9", "255.128.0.0"},
                                                        {"10.0.0.1/32", "255.255.255.255"},
                                                        {"::/0", "::"},
                                                        {"fd20::/49", "ffff:ffff:ffff:8000::"},
                                                        {"fd20::1/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}}) {
    EXPECT_EQ(Cidr(prefix).Mask(), Address(mask)) << prefix;
  }
}

TEST(PrefixTest, ReadsAndWrites) {
  for (const std::string text : {"172.32.0.0/16", "0.0.0.0/0", "172.32.4.2/32", "fd20::/48", "::/0", "fd20::1/128"}) {
    EXPECT_EQ(Cidr(text).ToString(), text);
  }
  EXPECT_EQ(Cidr("10.0.0.1").ToString(), "10.0.0.1/32");
  EXPECT_EQ(Cidr("fd20::1"), Prefix(Address("fd20::1")));
}

TEST(PrefixTest, SaysWhatIsWrong) {
  const auto error = [](absl::string_view text) { return std::string(Prefix::Parse(text).status().message()); };
  EXPECT_EQ(error("172.32.5.9/16"),
            "CIDR '172.32.5.9/16' has host bits set; did you mean 172.32.0.0/16 or 172.32.5.9/32?");
  EXPECT_EQ(error("fd20::1/48"), "CIDR 'fd20::1/48' has host bits set; did you mean fd20::/48 or fd20::1/128?");
  EXPECT_EQ(error("london"), "'london' is not a CIDR; write for example 172.32.0.0/16 or fd20::/48");
  EXPECT_EQ(error("10.0.0.0/33"), "'10.0.0.0/33' is not a CIDR: its length must be within 0 to 32");
  EXPECT_EQ(error("fd20::/129"), "'fd20::/129' is not a CIDR: its length must be within 0 to 128");
  for (const char* length : {"", "-1", "+1", " 1", "1 ", "0x10", "99999999999999999999"}) {
    const std::string text = std::string("10.0.0.0/") + length;
    EXPECT_EQ(error(text), "'" + text + "' is not a CIDR: its length must be within 0 to 32");
  }
  EXPECT_FALSE(Prefix::Containing(Address("10.0.0.1"), 33).ok());
  EXPECT_FALSE(Prefix::Containing(Address("10.0.0.1"), -1).ok());
}

TEST(PrefixTest, ContainsAndLast) {
  EXPECT_TRUE(Cidr("172.32.0.0/16").Contains(Address("172.32.255.255")));
  EXPECT_FALSE(Cidr("172.32.0.0/16").Contains(Address("172.33.0.0")));
  EXPECT_FALSE(Cidr("0.0.0.0/0").Contains(Address("::")));
  EXPECT_TRUE(Cidr("::/0").Contains(Address("ffff::")));
  EXPECT_TRUE(Cidr("10.0.0.0/8").Contains(Cidr("10.0.0.0/8")));
  EXPECT_TRUE(Cidr("10.0.0.0/8").Contains(Cidr("10.1.0.0/16")));
  EXPECT_FALSE(Cidr("10.1.0.0/16").Contains(Cidr("10.0.0.0/8")));
  EXPECT_EQ(Cidr("172.32.0.0/20").Last(), Address("172.32.15.255"));
  EXPECT_EQ(Cidr("fd20::/127").Last(), Address("fd20::1"));
  EXPECT_EQ(Cidr("10.0.0.1/32").Last(), Address("10.0.0.1"));
}

// Against a bit-by-bit reading of what a prefix is.
TEST(PrefixTest, ContainsEqualsTheDefinition) {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::array<std::uint8_t, 16> a{};
    std::array<std::uint8_t, 16> b{};
    for (std::size_t k = 0; k < 16; ++k) {
      a[k] = static_cast<std::uint8_t>(random());
      b[k] = random() % 8 == 0 ? static_cast<std::uint8_t>(random()) : a[k];
    }
    const std::size_t size = i % 2 == 0 ? 4 : 16;
    const IpAddress base(std::span(a.data(), size));
    const IpAddress other(std::span(b.data(), size));
    const int length = static_cast<int>(random() % (size * 8 + 1));
    bool same = true;
    for (int bit = 0; bit < length; ++bit) {
      const auto byte = static_cast<std::size_t>(bit / 8);
      same = same && ((a[byte] ^ b[byte]) & (0x80 >> bit % 8)) == 0;
    }
    const Prefix prefix = Prefix::Containing(base, length).value();
    ASSERT_EQ(prefix.Contains(other), same) << prefix.ToString() << " " << other.ToString();
    ASSERT_TRUE(prefix.Contains(base) && prefix.Contains(prefix.Last()));
    ASSERT_EQ(Cidr(prefix.ToString()), prefix);
  }
}

}  // namespace
}  // namespace faultline
