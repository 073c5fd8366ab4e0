#include "agent/ssm_endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

IpAddress At(const char* text) { return *IpAddress::Parse(text); }

TEST(SsmTest, RegionsAreKnownByTheirForm) {
  for (const char* region : {"eu-west-2", "ap-southeast-1", "us-gov-east-1", "cn-north-1"}) {
    EXPECT_TRUE(IsAwsRegion(region)) << region;
  }
  for (const char* other : {"", "london", "eu-west", "eu-west-2a", "EU-WEST-2", "europe-west-2", "a-b-c-d-1",
                            "eu-west-2.evil.org", "eu--2"}) {
    EXPECT_FALSE(IsAwsRegion(other)) << other;
  }
}

TEST(SsmTest, ItsThreeNames) {
  EXPECT_THAT(SsmNames("eu-west-2"), ElementsAre("ssm.eu-west-2.amazonaws.com", "ssmmessages.eu-west-2.amazonaws.com",
                                                 "ec2messages.eu-west-2.amazonaws.com"));
  EXPECT_EQ(SsmNames("cn-north-1").front(), "ssm.cn-north-1.amazonaws.com.cn");
}

TEST(SsmTest, AddressesAreThoseFoundEachOnce) {
  auto all_asked = std::make_shared<std::promise<void>>();
  SsmEndpoints endpoints([all_asked](const std::string& name) -> std::vector<IpAddress> {
    if (name.starts_with("ssmmessages")) return {};
    // The last: by now the first is kept.
    if (name.starts_with("ec2messages")) {
      all_asked->set_value();
      return {At("52.95.0.1")};
    }
    return {At("52.95.0.1"), At("2a05:d000::1")};
  });
  endpoints.Find("london");
  endpoints.Find("eu-west-2");
  all_asked->get_future().wait();
  EXPECT_THAT(endpoints.Now(),
              ElementsAre(ProtectedEndpoint{At("52.95.0.1"), 443}, ProtectedEndpoint{At("2a05:d000::1"), 443}));
}

TEST(SsmTest, NothingWaitsForAResolverThatHangs) {
  auto asked = std::make_shared<std::promise<void>>();
  auto go_on = std::make_shared<std::promise<void>>();
  auto over = std::make_shared<std::promise<void>>();
  {
    SsmEndpoints endpoints([asked, go_on, over, first = true](const std::string&) mutable -> std::vector<IpAddress> {
      if (!first) ADD_FAILURE() << "asked again when it was over";
      first = false;
      asked->set_value();
      go_on->get_future().wait();
      over->set_value();
      return {};
    });
    endpoints.Find("eu-west-2");
    // Once is enough.
    endpoints.Find("eu-west-3");
    asked->get_future().wait();
    EXPECT_THAT(endpoints.Now(), IsEmpty());
  }
  go_on->set_value();
  over->get_future().wait();
}

TEST(SsmTest, WhatIsFoundLaterIsAddedAndALookUpThatFailsTakesNothingAway) {
  // What each round finds; every later one fails.
  const std::vector<std::vector<IpAddress>> rounds = {{}, {At("52.95.0.1")}, {At("52.95.0.2")}, {}};
  auto third_failed = std::make_shared<std::promise<void>>();
  SsmEndpoints endpoints(
      [rounds, third_failed, round = std::size_t{0}](const std::string& name) mutable -> std::vector<IpAddress> {
        if (!name.starts_with("ssm.")) return {};
        if (round == rounds.size()) third_failed->set_value();
        return round < rounds.size() ? rounds[round++] : (++round, std::vector<IpAddress>());
      },
      std::chrono::milliseconds(1));
  endpoints.Find("eu-west-2");
  third_failed->get_future().wait();
  EXPECT_THAT(endpoints.Now(),
              ElementsAre(ProtectedEndpoint{At("52.95.0.2"), 443}, ProtectedEndpoint{At("52.95.0.1"), 443}));
}

TEST(SsmTest, OfANameThatMovesOnTheOldestAddressesAreForgotten) {
  auto enough = std::make_shared<std::promise<void>>();
  SsmEndpoints endpoints(
      [enough, round = std::uint8_t{0}](const std::string& name) mutable -> std::vector<IpAddress> {
        if (!name.starts_with("ssm.")) return {};
        if (round == 100) enough->set_value();
        if (round > 99) return (round = 101, std::vector<IpAddress>());
        return {At(absl::StrCat("52.95.0.", round++).c_str())};
      },
      std::chrono::milliseconds(1));
  endpoints.Find("eu-west-2");
  enough->get_future().wait();
  const std::vector<ProtectedEndpoint> known = endpoints.Now();
  ASSERT_EQ(known.size(), 32u);
  EXPECT_EQ(known.front().address, At("52.95.0.99"));
  EXPECT_EQ(known.back().address, At("52.95.0.68"));
}

TEST(SsmTest, HereNumbersNeedNoServer) {
  EXPECT_THAT(SsmEndpoints::LookUpHere("192.0.2.7"), ElementsAre(At("192.0.2.7")));
  EXPECT_THAT(SsmEndpoints::LookUpHere("2001:db8::7"), ElementsAre(At("2001:db8::7")));
}

}  // namespace
}  // namespace faultline
