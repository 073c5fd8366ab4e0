#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "agent/doctor/doctor.h"
#include "agent/doctor/network_facts.h"
#include "common/document/document.h"
#include "tests/unit/doctor/samples.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One interface, with nothing beside faults on it.
NetworkFacts Plain() {
  NetworkFacts facts;
  NetworkSurvey survey;
  survey.devices = {{.index = 2, .name = "ens5", .root_qdisc = "mq", .qdiscs = {"mq", "fq_codel"}}};
  survey.usable = {{.name = "ens5", .addresses = {{*IpAddress::Parse("172.32.1.4"), 20}}, .index = 2}};
  facts.survey = survey;
  facts.offloads["ens5"] = {.gro = true, .gso = true, .tso = true};
  return facts;
}

Examination Judge(const NetworkFacts& facts) {
  Examination all = JudgeInterfaces(facts);
  for (const Finding& finding : JudgeFirewalls(facts)) all.push_back(finding);
  EXPECT_THAT(WithoutMend(all), IsEmpty());
  return all;
}

TEST(JudgeNetworkTest, AllIsWellWhereNothingIsBesideFaults) {
  const Examination findings = Judge(Plain());
  EXPECT_EQ(WorstOf(findings), Health::kGood);
  EXPECT_EQ(Of(findings, "interfaces").detail, "ens5 172.32.1.4/20");
  EXPECT_EQ(Of(findings, "qdiscs").detail, "ens5 mq: left as they are");
  EXPECT_THAT(Of(findings, "offloads").detail, HasSubstr("ens5 GRO GSO TSO"));
  EXPECT_EQ(Of(findings, "hooks").detail, "nothing sees packets before faults do");
  EXPECT_EQ(Of(findings, "firewalls").detail, "none");
  EXPECT_EQ(Of(findings, "conntrack").detail, "off: no rule here asks for it");
}

TEST(JudgeNetworkTest, ANodeWithoutInterfacesCannotTakePart) {
  NetworkFacts facts = Plain();
  facts.configured = {"ens6"};
  EXPECT_EQ(Of(Judge(facts), "interfaces").health, Health::kBad);
  facts.configured = {"ens5", "ens6"};
  EXPECT_EQ(Of(Judge(facts), "interfaces").health, Health::kWarning);
  EXPECT_THAT(Of(Judge(facts), "interfaces").detail, HasSubstr("names ens6, which is not here"));
  facts.configured.clear();
  facts.survey->usable.clear();
  EXPECT_EQ(Of(Judge(facts), "interfaces").health, Health::kBad);
}

TEST(JudgeNetworkTest, WhatCannotBeReadIsAFinding) {
  NetworkFacts facts = Plain();
  facts.survey = absl::PermissionDeniedError("no");
  EXPECT_EQ(Of(Judge(facts), "interfaces").health, Health::kWarning);
  facts.survey = absl::AbortedError("changes");
  EXPECT_EQ(Of(Judge(facts), "interfaces").mend, "run this again");
}

TEST(JudgeNetworkTest, AQdiscThatHarmsPacketsItselfIsToldOf) {
  NetworkFacts facts = Plain();
  facts.survey->devices[0].qdiscs = {"prio", "netem"};
  EXPECT_THAT(Of(Judge(facts), "qdiscs").detail, HasSubstr("ens5 has a netem qdisc of another tool's"));
  facts.survey->devices[0].qdiscs = {facts.survey->devices[0].root_qdisc = "tbf"};
  EXPECT_EQ(Of(Judge(facts), "qdiscs").health, Health::kWarning);
  EXPECT_THAT(Of(Judge(facts), "qdiscs").mend, HasSubstr("tc qdisc del dev ens5 root"));
  // Shaping of a share, somewhere below.
  facts.survey->devices[0].root_qdisc = "htb";
  facts.survey->devices[0].qdiscs = {"htb", "tbf"};
  EXPECT_EQ(Of(Judge(facts), "qdiscs").health, Health::kGood);
}

TEST(JudgeNetworkTest, WhatIsInTheWayOfClsactIsToldOfWhereClsactIsNeeded) {
  NetworkFacts facts = Plain();
  facts.survey->devices[0].detour_taken = true;
  EXPECT_EQ(Of(Judge(facts), "qdiscs").health, Health::kGood);
  facts.sender_by_clsact = true;
  EXPECT_EQ(WorstOf(Judge(facts)), Health::kWarning);
  const Examination findings = Judge(facts);
  const auto warning =
      std::ranges::find_if(findings, [](const Finding& finding) { return finding.health == Health::kWarning; });
  ASSERT_NE(warning, findings.end());
  EXPECT_EQ(warning->subject, "qdiscs");
  EXPECT_THAT(warning->detail, HasSubstr("ens5 has a qdisc ingress, or at clsact a filter of preference 1"));
}

TEST(JudgeNetworkTest, HardwareThatMergesPacketsIsToldOf) {
  NetworkFacts facts = Plain();
  facts.offloads["ens5"].lro = true;
  EXPECT_EQ(Of(Judge(facts), "offloads").mend, "ethtool -K ens5 lro off");
}

TEST(JudgeNetworkTest, WhatSeesPacketsBeforeFaultsDoIsToldOf) {
  const NetworkSurvey::Chain early = {
      .family = "netdev", .table = "edge", .name = "first", .hook = "ingress", .priority = -600, .devices = {"ens5"}};
  NetworkFacts facts = Plain();
  facts.survey->chains = {early};
  EXPECT_THAT(Of(Judge(facts), "hooks").detail,
              HasSubstr("chain first of table netdev edge (ingress of ens5, priority -600)"));
  facts.survey->chains[0].family = "inet";
  EXPECT_EQ(Of(Judge(facts), "hooks").health, Health::kWarning);
  for (NetworkSurvey::Chain& chain : facts.survey->chains) chain.ours = true;
  EXPECT_EQ(Of(Judge(facts), "hooks").health, Health::kGood);
  facts.survey->chains = {early};
  facts.survey->chains[0].priority = 0;
  EXPECT_EQ(Of(Judge(facts), "hooks").health, Health::kGood);
  facts.survey->chains[0].priority = -600;
  // Faults act before it.
  facts.survey->chains[0].family = "ip";
  facts.survey->chains[0].hook = "prerouting";
  EXPECT_EQ(Of(Judge(facts), "hooks").health, Health::kGood);

  facts.survey->chains = {early};
  facts.survey->chains[0].devices = {"veth7"};
  EXPECT_EQ(Of(Judge(facts), "hooks").health, Health::kGood) << "no fault acts on that device";
  facts.survey->chains[0].devices = {"veth7", "ens5"};
  EXPECT_EQ(Of(Judge(facts), "hooks").health, Health::kWarning);

  facts = Plain();
  facts.survey->devices[0].xdp = true;
  EXPECT_THAT(Of(Judge(facts), "hooks").detail, HasSubstr("ens5 has an XDP program"));
  facts = Plain();
  facts.survey->devices[0].filtered = true;
  EXPECT_THAT(Of(Judge(facts), "hooks").detail, HasSubstr("ens5 has tc filters at its ingress"));
  // Of a device that no fault acts on.
  facts.survey->devices[0].name = "lo";
  EXPECT_EQ(Of(Judge(facts), "hooks").health, Health::kGood);
}

TEST(JudgeNetworkTest, NamesMayHaveAnyBytes) {
  NetworkFacts facts = Plain();
  facts.survey->devices[0].name = facts.survey->usable[0].name = "e\xff\x1b[31m";
  facts.survey->devices[0].xdp = true;
  facts.survey->chains = {{.family = "inet", .table = "a\nb", .name = "c"}};
  for (const Finding& finding : Printed(Judge(facts))) {
    for (const std::string& text : {finding.detail, finding.mend}) {
      EXPECT_EQ(FindBadText(text), std::nullopt) << text;
      EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    }
  }
  EXPECT_THAT(Of(Printed(Judge(facts)), "hooks").detail, HasSubstr("e??[31m has an XDP program"));
}

TEST(JudgeNetworkTest, FirewallsAreKnownByTheirNames) {
  NetworkFacts facts = Plain();
  facts.survey->chains = {{.family = "inet", .table = "firewalld", .name = "filter_INPUT"},
                          {.family = "ip", .table = "filter", .name = "ufw-user-input"},
                          {.family = "ip", .table = "nat", .name = "DOCKER"},
                          {.family = "netdev", .table = "faultline", .name = "r/in", .ours = true}};
  facts.legacy_tables = {"filter"};
  EXPECT_THAT(Of(Judge(facts), "firewalls").detail,
              AllOf(HasSubstr("Docker, firewalld, ufw; nft tables inet firewalld, ip filter, ip nat; iptables-legacy "
                              "tables filter: faults act beside them"),
                    HasSubstr("UDP 7401 unless the controller says otherwise")));
}

TEST(JudgeNetworkTest, AFullTableOfConnectionsDropsPackets) {
  NetworkFacts facts = Plain();
  facts.conntrack = Conntrack{.count = 10, .max = 65536};
  EXPECT_EQ(Of(Judge(facts), "conntrack").detail, "on, 10 of 65536 connections");
  facts.conntrack = Conntrack{.count = 60000, .max = 65536};
  EXPECT_EQ(Of(Judge(facts), "conntrack").mend, "sysctl -w net.netfilter.nf_conntrack_max=131072");
  facts.sees_conntrack = false;
  EXPECT_EQ(Of(Judge(facts), "conntrack").subject, "test");
}

}  // namespace
}  // namespace faultline
