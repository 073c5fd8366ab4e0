// The words of our text; that nft takes it and makes of it what the agent makes is shown in
// tests/lab/kernel/nft_text_test.cc.

#include "controller/preview/nft_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/preview/nft_words.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

PrefixSet Set(std::initializer_list<const char*> texts) {
  std::vector<Prefix> prefixes;
  for (const char* text : texts) prefixes.push_back(*Prefix::Parse(text));
  return PrefixSet(std::move(prefixes));
}

Program Cut() {
  Program program{.run = RunId("r"), .devices = {"eth0"}};
  program.prefix_sets = {Set({"172.32.0.0/16"}), Set({"172.33.0.0/16", "fd21::/48"})};
  program.steps = {{.index = 0, .effect = Drop{}, .incoming = {{.sources = 1}}}};
  return program;
}

TEST(NftTextTest, IsEmptyWithoutRules) { EXPECT_EQ(NftText({.run = RunId("r")}), ""); }

TEST(NftTextTest, HasEverythingThatACutIsMadeOf) {
  EXPECT_EQ(NftText(Cut()), R"(table netdev faultline {
	set r/p1/v4 {
		type ipv4_addr
		flags interval
		elements = { 172.33.0.0/16 }
	}
	set r/p1/v6 {
		type ipv6_addr
		flags interval
		elements = { fd21::/48 }
	}
	set r/g0 {
		type ether_type
		flags timeout
	}
	chain r/s0/in {
		ip saddr @r/p1/v4 counter drop
		ip6 saddr @r/p1/v6 counter drop
	}
	chain r/in {
		type filter hook ingress device "eth0" priority -500; policy accept;
		ip saddr != 172.33.0.0/16 return
		ip6 saddr != fd21::/48 return
		tcp sport 22 return
		tcp dport 22 return
		udp sport { 67, 68, 123, 546, 547 } return
		udp dport { 67, 68, 123, 546, 547 } return
		icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } return
		ip saddr { 169.254.0.0/16 } return
		ip6 saddr { fd00:ec2::/32 } return
		meta protocol @r/g0 jump r/s0/in
	}
}
)");
}

TEST(NftTextTest, ByClsactPacketsAreGivenPrioritiesAfterRouting) {
  Program program = Cut();
  program.steps = {{.index = 0, .outgoing = {{.destinations = 0}}}};
  program.egress_by_clsact = true;
  const std::string text = NftText(program);
  EXPECT_THAT(text, HasSubstr("table inet faultline {"));
  EXPECT_THAT(text, HasSubstr("\t\tip daddr @r/p0/v4 counter meta priority set fa17:0 accept\n"));
  EXPECT_THAT(text, HasSubstr("\tchain r/post {\n\t\ttype filter hook postrouting priority 10000; policy accept;\n"
                              "\t\tip daddr != 172.32.0.0/16 return\n"
                              "\t\toifname != @r/devices return\n\t\tmeta priority & ffff:0 == fa17:0 return\n"));
}

TEST(NftTextTest, RejectsAreInTheInetTableBehindTheDevices) {
  Program program = Cut();
  program.devices = {"eth0", "eth1"};
  program.steps.front().effect = Reject{};
  const std::string text = NftText(program);
  EXPECT_THAT(text, HasSubstr("table inet faultline {"));
  EXPECT_THAT(text, Not(HasSubstr("netdev")));
  EXPECT_THAT(text, HasSubstr("elements = { \"eth0\", \"eth1\" }"));
  EXPECT_THAT(text, HasSubstr("iifname != @r/devices return"));
  EXPECT_THAT(text, HasSubstr("meta l4proto tcp counter reject with tcp reset"));
  EXPECT_THAT(text, HasSubstr("meta l4proto != tcp counter reject with icmpx admin-prohibited"));
}

TEST(NftTextTest, LanesAreNumberedByStepAndDirection) {
  Program program = Cut();
  Impairment slow;
  slow.delay = std::chrono::milliseconds(80);
  program.steps = {{.index = 0, .effect = Drop{}, .outgoing = {{.destinations = 1}}},
                   {.index = 1, .effect = slow, .incoming = {{.sources = 1}}, .outgoing = {{.destinations = 1}}}};
  const std::string text = NftText(program);
  EXPECT_THAT(text, HasSubstr("ip daddr @r/p1/v4 counter fwd to \"fl0\""));
  EXPECT_THAT(text, HasSubstr("ip saddr @r/p1/v4 counter fwd to \"fl1\""));
  EXPECT_THAT(text, HasSubstr("ip6 daddr @r/p1/v6 counter fwd to \"fl2\""));
}

TEST(NftWordsTest, PrefixesThatTouchAreOneRange) {
  EXPECT_EQ(PrefixElements(Set({"10.9.0.0/24", "10.9.1.0/25", "10.10.0.1/32"}).prefixes()),
            "10.9.0.0-10.9.1.127, 10.10.0.1");
  EXPECT_EQ(PrefixElements(Set({"255.255.255.0/24"}).prefixes()), "255.255.255.0/24");
}

TEST(NftWordsTest, PortsThatTouchAreOneRangeAmongRangesOnly) {
  const std::vector<PortRange> single = {{67, 67}, {68, 68}};
  EXPECT_EQ(NftWords().PortIn({{Transport::kUdp}}, End::kSource, single).text(), "udp sport { 67, 68 }");
  const std::vector<PortRange> ranges = {{80, 81}, {82, 82}, {90, 90}};
  EXPECT_EQ(NftWords().PortIn({{Transport::kTcp, Transport::kUdp}}, End::kDestination, ranges).text(),
            "meta l4proto { tcp, udp } th dport { 80-82, 90 }");
}

}  // namespace
}  // namespace faultline
