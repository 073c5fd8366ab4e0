#include "common/host_resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace faultline {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

IpAddress At(const char* text) { return *IpAddress::Parse(text); }

TEST(HostResolverTest, AddressIsItsOwn) {
  EXPECT_THAT(*ResolveHost("192.0.2.7", seconds(5)), ElementsAre(At("192.0.2.7")));
  EXPECT_THAT(*ResolveHost("2001:db8::7", seconds(5)), ElementsAre(At("2001:db8::7")));
}

TEST(HostResolverTest, LocalhostNeedsNoServer) {
  const auto found = ResolveHost("localhost", seconds(5));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, Contains(At("127.0.0.1")));
  EXPECT_TRUE(std::ranges::is_sorted(*found));
  EXPECT_EQ(std::ranges::adjacent_find(*found), found->end());
}

TEST(HostResolverTest, WhatIsNoNameIsSaidAtOnce) {
  for (const char* wrong : {"two..dots", ".", ""}) {
    EXPECT_THAT(ResolveHost(wrong, seconds(5)).status().message(), HasSubstr("cannot look up '")) << wrong;
  }
}

// Whatever the network says of it, and whether there is one.
TEST(HostResolverTest, NobodyWaitsLongerThanTheLimit) {
  EXPECT_THAT(ResolveHost("no-such-host.invalid", Duration(0)).status().message(),
              HasSubstr("cannot look up 'no-such-host.invalid': "));
}

}  // namespace
}  // namespace faultline
