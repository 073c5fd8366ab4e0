#include "common/packet_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> FieldsOf(const PacketFilter& filter) {
  std::vector<std::string> fields;
  for (const FieldError& error : CheckPacketFilter(filter)) fields.push_back(error.field);
  return fields;
}

TEST(PortRangeTest, ReadsAndFormats) {
  const std::pair<const char*, PortRange> ranges[] = {
      {"1", {1, 1}}, {"3000", {3000, 3000}}, {"3001-3002", {3001, 3002}}, {"1-65535", {1, 65535}}};
  for (const auto& [text, range] : ranges) {
    EXPECT_EQ(*ParsePortRange(text), range);
    EXPECT_EQ(FormatPortRange(range), text);
  }
  EXPECT_EQ(*ParsePortRange("7-7"), (PortRange{7, 7}));
  EXPECT_EQ(FormatPortRange({7, 7}), "7");
}

TEST(PortRangeTest, RefusesWhatIsNoPort) {
  for (const char* text : {"", "0", "65536", "-1", "3000-", "-3000", "1-2-3", "http", "1 ", "+1", "0x50", "0-5",
                           "1-65536", "99999999999999999999"}) {
    EXPECT_EQ(std::string(ParsePortRange(text).status().message()),
              absl::StrCat("'", text, "' is not a port: write a number from 1 to 65535, or a range such as 3001-3002"));
  }
  EXPECT_EQ(std::string(ParsePortRange("9-8").status().message()), "'9-8' ends before it begins; did you mean 8-9?");
}

TEST(CheckPacketFilterTest, GoodOnes) {
  PacketFilter filter;
  EXPECT_THAT(FieldsOf(filter), IsEmpty());
  filter.protocol = Protocol::kTcp;
  filter.destination_ports = {{1, 1}, {2, 3}, {65535, 65535}};
  filter.source_ports = {{1, 65535}};
  filter.except_ports = {{22, 22}};
  filter.dscp = kHighestDscp;
  filter.connection = Connection::kNew;
  filter.interfaces = {"eth0", "eth0.100", "fl-abc_123456789"};
  filter.interfaces[2].resize(15);
  EXPECT_THAT(FieldsOf(filter), IsEmpty());
  PacketFilter any;
  any.either_ports = {{80, 80}};
  EXPECT_THAT(FieldsOf(any), IsEmpty());
}

TEST(CheckPacketFilterTest, Ports) {
  for (auto member : {&PacketFilter::destination_ports, &PacketFilter::either_ports}) {
    PacketFilter filter;
    for (const std::vector<PortRange>& bad :
         {std::vector<PortRange>{{0, 1}}, {{5, 4}}, {{1, 2}, {2, 3}}, {{3, 3}, {1, 1}}}) {
      filter.*member = bad;
      EXPECT_THAT(FieldsOf(filter), ElementsAre("ports"));
    }
  }
  PacketFilter filter;
  filter.source_ports = {{1, 1}, {1, 1}};
  filter.except_ports = {{2, 2}, {2, 2}};
  EXPECT_THAT(FieldsOf(filter), ElementsAre("source_ports", "exclude_ports"));
  ASSERT_FALSE(CheckPacketFilter(filter).empty());
  EXPECT_EQ(CheckPacketFilter(filter)[0].message, "port 1 comes twice");
  filter.source_ports = {{9, 9}, {1, 1}};
  EXPECT_EQ(CheckPacketFilter(filter)[0].message, "the ports are not sorted");
}

TEST(CheckPacketFilterTest, ProtocolsWithoutPorts) {
  for (auto member : {&PacketFilter::destination_ports, &PacketFilter::source_ports, &PacketFilter::either_ports,
                      &PacketFilter::except_ports}) {
    PacketFilter filter;
    filter.*member = {{80, 80}};
    for (const Protocol protocol : {Protocol::kAny, Protocol::kTcp, Protocol::kUdp, Protocol::kSctp}) {
      filter.protocol = protocol;
      EXPECT_THAT(FieldsOf(filter), IsEmpty());
    }
    filter.protocol = Protocol::kIcmp;
    EXPECT_THAT(FieldsOf(filter), ElementsAre("protocol"));
  }
}

TEST(CheckPacketFilterTest, EitherEndLeavesNoOther) {
  PacketFilter filter;
  filter.either_ports = {{80, 80}};
  filter.source_ports = {{1, 1}};
  EXPECT_THAT(FieldsOf(filter), ElementsAre("source_ports"));
  filter.source_ports.clear();
  filter.destination_ports = {{1, 1}};
  EXPECT_THAT(FieldsOf(filter), ElementsAre("source_ports"));
}

TEST(CheckPacketFilterTest, CodePointsAndInterfaces) {
  PacketFilter filter;
  filter.dscp = kHighestDscp + 1;
  EXPECT_THAT(FieldsOf(filter), ElementsAre("dscp"));
  filter.dscp = 0;
  for (const char* name : {"", ".", "..", "a/b", "a:b", "a b", "eth0123456789abc", "caf\xc3\xa9"}) {
    filter.interfaces = {name};
    EXPECT_THAT(FieldsOf(filter), ElementsAre("interface")) << name;
  }
  filter.interfaces = {"eth1", "eth0"};
  EXPECT_THAT(FieldsOf(filter), ElementsAre("interface"));
  filter.interfaces = {"eth0", "eth0"};
  EXPECT_THAT(FieldsOf(filter), ElementsAre("interface"));
}

TEST(DescribeFilterTest, SaysEveryPart) {
  EXPECT_EQ(DescribeFilter({}), "any packet");
  PacketFilter filter;
  filter.protocol = Protocol::kTcp;
  filter.destination_ports = {{3000, 3002}};
  filter.interfaces = {"eth1"};
  EXPECT_EQ(DescribeFilter(filter), "tcp to port 3000-3002 on eth1");
  filter.source_ports = {{1, 1}};
  filter.except_ports = {{3001, 3001}, {3002, 3002}};
  filter.dscp = 46;
  filter.connection = Connection::kNew;
  EXPECT_EQ(DescribeFilter(filter),
            "tcp to port 3000-3002 from port 1 except port 3001,3002 with dscp 46 that opens a connection on eth1");
  PacketFilter either;
  either.protocol = Protocol::kUdp;
  either.either_ports = {{53, 53}};
  either.connection = Connection::kEstablished;
  either.interfaces = {"a", "b"};
  EXPECT_EQ(DescribeFilter(either), "udp to or from port 53 of an open connection on a, b");
}

}  // namespace
}  // namespace faultline
