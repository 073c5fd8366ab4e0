#include "controller/preview/spared.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// One node that acts on packets from set 0.
Timeline Of(PrefixSet sources, PacketFilter filter) {
  Timeline timeline{.run = RunId("r"), .node = NodeName("n")};
  timeline.prefix_sets = {std::move(sources)};
  timeline.steps = {{.index = 0, .name = "s", .filter = std::move(filter), .rules = {{.match = {.sources = 0}}}}};
  return timeline;
}

std::vector<std::string> Kinds(PacketFilter filter, PrefixSet sources = {*Prefix::Parse("172.33.0.0/16")}) {
  const Timeline timeline = Of(std::move(sources), std::move(filter));
  return SparedBy(0, {&timeline, 1});
}

TEST(SparedTest, AllPacketsOfIpv4AreSshAndDhcpToo) {
  EXPECT_THAT(Kinds({}), ElementsAre("SSH (tcp/22)", "DHCP (udp/67, 68, 546, 547)", "time service (udp/123)"));
}

TEST(SparedTest, OfIpv6NeighbourDiscoveryAsWell) {
  EXPECT_THAT(Kinds({}, {*Prefix::Parse("fd21::/48")}), Contains("IPv6 neighbour discovery"));
  EXPECT_THAT(Kinds({.protocol = Protocol::kIcmp}, {*Prefix::Parse("fd21::/48")}),
              ElementsAre("IPv6 neighbour discovery"));
}

TEST(SparedTest, AllTheWorldHasLinkLocalServices) {
  EXPECT_THAT(Kinds({}, {*Prefix::Parse("0.0.0.0/0")}), Contains(HasSubstr("169.254.0.0/16")));
  EXPECT_THAT(Kinds({.protocol = Protocol::kTcp, .destination_ports = {{80, 80}}}, {*Prefix::Parse("169.254.1.0/24")}),
              ElementsAre(HasSubstr("link-local services")));
}

TEST(SparedTest, StepIsFoundWhereverItStands) {
  Timeline timeline = Of({*Prefix::Parse("172.33.0.0/16")}, {});
  timeline.steps.push_back(timeline.steps[0]);
  timeline.steps[0].index = 1;
  timeline.steps[0].filter = {.protocol = Protocol::kTcp};
  timeline.steps[1].index = 7;
  EXPECT_THAT(SparedBy(1, {&timeline, 1}), ElementsAre("SSH (tcp/22)"));
  EXPECT_THAT(SparedBy(7, {&timeline, 1}), Contains("time service (udp/123)"));
  EXPECT_THAT(SparedBy(0, {&timeline, 1}), IsEmpty());
}

TEST(SparedTest, OtherPortsAreNotSsh) {
  EXPECT_THAT(Kinds({.protocol = Protocol::kTcp, .destination_ports = {{3000, 3002}}}), IsEmpty());
  EXPECT_THAT(Kinds({.either_ports = {{3002, 3002}}}), IsEmpty());
  EXPECT_THAT(Kinds({.protocol = Protocol::kTcp, .except_ports = {{22, 22}}}), IsEmpty());
}

TEST(SparedTest, RangesAroundSshHaveIt) {
  EXPECT_THAT(Kinds({.protocol = Protocol::kTcp, .destination_ports = {{1, 1023}}}), ElementsAre("SSH (tcp/22)"));
  EXPECT_THAT(Kinds({.protocol = Protocol::kTcp, .source_ports = {{22, 22}}}), ElementsAre("SSH (tcp/22)"));
  EXPECT_THAT(Kinds({.protocol = Protocol::kUdp, .either_ports = {{60, 70}}}), ElementsAre(HasSubstr("DHCP")));
  EXPECT_THAT(Kinds({.protocol = Protocol::kUdp, .destination_ports = {{123, 123}}}),
              ElementsAre("time service (udp/123)"));
}

TEST(SparedTest, AStepWithoutRulesTouchesNothing) {
  Timeline timeline = Of({*Prefix::Parse("10.0.0.0/8")}, {});
  timeline.steps.front().rules.clear();
  EXPECT_THAT(SparedBy(0, {&timeline, 1}), IsEmpty());
  EXPECT_THAT(SparedBy(7, {&timeline, 1}), IsEmpty());
}

}  // namespace
}  // namespace faultline
