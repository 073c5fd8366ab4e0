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

TEST(MessagesTest, NamesOfDevicesAreText) {
  const std::vector<Interface> interfaces = {
      {.name = "eth0", .addresses = {{.address = *IpAddress::Parse("172.32.0.1"), .prefix_length = 16}}, .index = 2},
      {.name = "\xff\x01ü", .addresses = {{.address = *IpAddress::Parse("fd20::1"), .prefix_length = 64}}, .index = 3}};
  v1::NodeInfo node;
  AddAddresses(interfaces, node);
  ASSERT_EQ(node.addresses_size(), 2);
  EXPECT_EQ(node.addresses(0).interface(), "eth0");
  EXPECT_EQ(node.addresses(0).prefix_length(), 16U);
  EXPECT_EQ(node.addresses(1).interface(), "??ü");
  // What is no UTF-8 nobody would take.
  EXPECT_TRUE(v1::NodeInfo().ParseFromString(node.SerializeAsString()));
}

TEST(MessagesTest, WhatOthersRulesAreCalledIsText) {
  const v1::SessionRequest change = EncodeForeignChange(RunId("split-1"), std::nullopt, "table inet \xff\n");
  EXPECT_EQ(change.foreign_change().change().text(), "table inet ?\n");
  EXPECT_EQ(EncodeRefused(RunId("split-1"), "eth\xff is down").refused().reason(), "eth? is down");
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
