#include "agent/system_resolvers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

IpAddress ResolverAt(const char* text) { return *IpAddress::Parse(text); }

TEST(ParseResolvConfTest, NameServersInOrderEachOnce) {
  EXPECT_THAT(ParseResolvConf("# made by dhclient\nsearch example.org\nnameserver 172.31.0.2\n"
                              "nameserver\t2001:db8::53 # second\r\n  nameserver 172.31.0.2\noptions edns0"),
              ElementsAre(ResolverAt("172.31.0.2"), ResolverAt("2001:db8::53")));
}

TEST(ParseResolvConfTest, LinkLocalServerWithoutItsInterface) {
  EXPECT_THAT(ParseResolvConf("nameserver fe80::1%eth0\n"), ElementsAre(ResolverAt("fe80::1")));
}

TEST(ParseResolvConfTest, ThoseOnLoopbackNeedNoProtection) {
  EXPECT_THAT(ParseResolvConf("nameserver 127.0.0.53\nnameserver ::1\n"), IsEmpty());
}

TEST(ParseResolvConfTest, WhatMakesNoSenseIsPassedOver) {
  EXPECT_THAT(ParseResolvConf("nameserver\nnameserver dns.example.org\nnameservers 10.0.0.1\n;nameserver 10.0.0.2\n"
                              "nameserver 10.0.0.300\n\x01\xff\n"),
              IsEmpty());
}

TEST(ParseResolvConfTest, AreNotMoreThanARunCanCarry) {
  std::string text;
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&text, "nameserver 10.0.", i / 250, ".", i % 250, "\n");
  EXPECT_EQ(ParseResolvConf(text).size(), kMostResolvers);
}

TEST(KnownResolversTest, AreThoseOfNowOrElseTheLast) {
  std::vector<IpAddress> found;
  KnownResolvers resolvers([&found] { return found; });
  EXPECT_THAT(resolvers.Now(), IsEmpty());
  found = {ResolverAt("10.0.0.2")};
  EXPECT_THAT(resolvers.Now(), ElementsAre(ResolverAt("10.0.0.2")));
  // The file is being written.
  found.clear();
  EXPECT_THAT(resolvers.Now(), ElementsAre(ResolverAt("10.0.0.2")));
  // Another network: the former is no protection any more.
  found = {ResolverAt("10.9.0.2"), ResolverAt("10.9.0.3")};
  EXPECT_THAT(resolvers.Now(), ElementsAre(ResolverAt("10.9.0.2"), ResolverAt("10.9.0.3")));
}

TEST(DnsEndpointsTest, AreAskedByUdpTcpAndTls) {
  EXPECT_THAT(
      DnsEndpoints({ResolverAt("10.0.0.2")}),
      ElementsAre(ProtectedEndpoint{ResolverAt("10.0.0.2"), 53, Protocol::kUdp},
                  ProtectedEndpoint{ResolverAt("10.0.0.2"), 53}, ProtectedEndpoint{ResolverAt("10.0.0.2"), 853}));
}

}  // namespace
}  // namespace faultline
