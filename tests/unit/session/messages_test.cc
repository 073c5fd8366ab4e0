#include "agent/session/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace faultline {
namespace {

TEST(TameLineTest, OrdinaryTextStays) {
  EXPECT_EQ(TameLine("guard 'db' failed: über 3 s"), "guard 'db' failed: über 3 s");
}

TEST(TameLineTest, IsOneLine) { EXPECT_EQ(TameLine("a\nb\x1b[2Jc\tq"), "a b [2Jc q"); }

TEST(TameLineTest, IsShort) { EXPECT_EQ(TameLine(std::string(4 << 20, 'x')), std::string(kLongestText, 'x')); }

TEST(TameLineTest, EndsWithAWholeCharacter) {
  const std::string almost(kLongestText - 1, 'x');
  EXPECT_EQ(TameLine(almost + "ü"), almost);
  EXPECT_EQ(TameLine(almost + "€ and more"), almost);
  EXPECT_EQ(TameLine(almost.substr(1) + "ü"), almost.substr(1) + "ü");
}

TEST(DecodeRunIdTest, TakesNamesOnly) {
  EXPECT_EQ(*DecodeRunId("split-1"), RunId("split-1"));
  for (const std::string& text : {std::string(), std::string("a/b"), std::string(1 << 20, 'x'), std::string("a\n")}) {
    const absl::Status status = DecodeRunId(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_LE(status.message().size(), kLongestText);
    EXPECT_FALSE(absl::StrContains(status.message(), '\n'));
  }
}

TEST(MessagesTest, WhatEc2Says) {
  const v1::Ec2Identity message =
      EncodeEc2({.instance_id = "i-0a",
                 .instance_type = "m7g.large",
                 .region = "eu-west-2",
                 .availability_zone = "eu-west-2a",
                 .vpc_id = "vpc-0a",
                 .subnet_id = "subnet-0a",
                 .vpc_cidrs = {*Prefix::Parse("172.32.0.0/16"), *Prefix::Parse("fd20::/56")},
                 .interfaces = {{.id = "eni-0a",
                                 .mac = "0a:ff:00:11:22:33",
                                 .device_number = 1,
                                 .subnet_id = "subnet-0b",
                                 .addresses = {*IpAddress::Parse("172.32.4.2")}}},
                 .tags = {{"env", "prod"}}});
  EXPECT_EQ(message.ShortDebugString(),
            "instance_id: \"i-0a\" instance_type: \"m7g.large\" region: \"eu-west-2\" "
            "availability_zone: \"eu-west-2a\" vpc_id: \"vpc-0a\" subnet_id: \"subnet-0a\" "
            "vpc_cidrs: \"172.32.0.0/16\" vpc_cidrs: \"fd20::/56\" interfaces { id: \"eni-0a\" "
            "mac: \"0a:ff:00:11:22:33\" device_number: 1 subnet_id: \"subnet-0b\" addresses: \"172.32.4.2\" }");
}

}  // namespace
}  // namespace faultline
