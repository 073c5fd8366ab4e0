#include "controller/cli/own_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

std::vector<IpAddress> Addresses(const std::vector<std::string>& texts) {
  std::vector<IpAddress> addresses;
  for (const std::string& text : texts) addresses.push_back(IpAddress::Parse(text).value());
  return addresses;
}

TEST(OwnHostsTest, NameAndAddresses) {
  EXPECT_THAT(HostsOf("c.example", Addresses({"127.0.0.1", "198.18.0.10", "::1", "fd20::10"})),
              ElementsAre("c.example", "localhost", "127.0.0.1", "198.18.0.10", "::1", "fd20::10"));
}

TEST(OwnHostsTest, NoLinkLocalOnes) {
  EXPECT_THAT(HostsOf("c", Addresses({"169.254.1.1", "fe80::1", "febf::1"})), ElementsAre("c", "localhost"));
}

TEST(OwnHostsTest, EachOnce) {
  EXPECT_THAT(HostsOf("localhost", Addresses({"10.0.0.1", "10.0.0.1"})), ElementsAre("localhost", "10.0.0.1"));
  EXPECT_THAT(HostsOf("", {}), ElementsAre("localhost"));
}

TEST(OwnHostsTest, OfThisHost) { EXPECT_THAT(OwnHosts().value(), Contains("localhost")); }

}  // namespace
}  // namespace faultline
