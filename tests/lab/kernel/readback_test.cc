// What our batches make, in the words of the real nft tool.

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "agent/kernel/nft_program.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

// The program that uses everything a program can have.
Program FullProgram() {
  Program program{.run = RunId("2024.split-1"), .devices = {"eth0"}};
  program.protect.ports = {kFencePort};
  program.protect.remotes = Prefixes({"10.9.0.0/24", "10.9.1.0/25", "fd77::/64"});
  program.protect.endpoints = {{*IpAddress::Parse("172.33.7.44"), 7440}, {*IpAddress::Parse("fd21::72c"), 7440}};
  program.prefix_sets = {Prefixes({"172.32.0.0/16", "fd20::/48"}), Prefixes({"172.33.0.0/16", "fd21::/48"}),
                         Prefixes({"172.33.8.0/24"})};
  program.steps = {
      {.index = 0, .incoming = {{.sources = 1, .destinations = 0}}},
      {.index = 3, .incoming = {{.sources = 1}}, .outgoing = {{.destinations = 1, .except_destinations = 2}}}};
  return program;
}

constexpr char kExpected[] = R"(table netdev faultline {
	set _2024.split-1/p0/v4 {
		type ipv4_addr
		flags interval
		elements = { 172.32.0.0/16 }
	}

	set _2024.split-1/p0/v6 {
		type ipv6_addr
		flags interval
		elements = { fd20::/48 }
	}

	set _2024.split-1/p1/v4 {
		type ipv4_addr
		flags interval
		elements = { 172.33.0.0/16 }
	}

	set _2024.split-1/p1/v6 {
		type ipv6_addr
		flags interval
		elements = { fd21::/48 }
	}

	set _2024.split-1/p2/v4 {
		type ipv4_addr
		flags interval
		elements = { 172.33.8.0/24 }
	}

	set _2024.split-1/g0 {
		type ether_type
		flags timeout
	}

	set _2024.split-1/g3 {
		type ether_type
		flags timeout
	}

	chain _2024.split-1/s0/in {
		ip saddr @_2024.split-1/p1/v4 ip daddr @_2024.split-1/p0/v4 counter packets 0 bytes 0 drop
		ip6 saddr @_2024.split-1/p1/v6 ip6 daddr @_2024.split-1/p0/v6 counter packets 0 bytes 0 drop
	}

	chain _2024.split-1/s3/in {
		ip saddr @_2024.split-1/p1/v4 counter packets 0 bytes 0 drop
		ip6 saddr @_2024.split-1/p1/v6 counter packets 0 bytes 0 drop
	}

	chain _2024.split-1/s3/out {
		ip daddr @_2024.split-1/p1/v4 ip daddr != @_2024.split-1/p2/v4 counter packets 0 bytes 0 fwd to "fl0"
		ip6 daddr @_2024.split-1/p1/v6 counter packets 0 bytes 0 fwd to "fl0"
	}

	chain _2024.split-1/in {
		type filter hook ingress device "eth0" priority -500; policy accept;
		ip saddr != 172.33.0.0/16 return
		ip6 saddr != fd21::/48 return
		tcp sport { 9, 22 } return
		tcp dport { 9, 22 } return
		udp sport { 9, 67, 68, 123, 546, 547 } return
		udp dport { 9, 67, 68, 123, 546, 547 } return
		icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } return
		ip saddr { 10.9.0.0-10.9.1.127, 169.254.0.0/16 } return
		ip6 saddr { fd00:ec2::/32, fd77::/64 } return
		ip saddr 172.33.7.44 tcp sport 7440 return
		ip daddr 172.33.7.44 tcp dport 7440 return
		ip6 saddr fd21::72c tcp sport 7440 return
		ip6 daddr fd21::72c tcp dport 7440 return
		meta protocol @_2024.split-1/g0 jump _2024.split-1/s0/in
		meta protocol @_2024.split-1/g3 jump _2024.split-1/s3/in
	}

	chain _2024.split-1/out {
		type filter hook egress device "eth0" priority -500; policy accept;
		ip daddr != 172.33.0.0/16 return
		ip6 daddr != fd21::/48 return
		tcp sport { 9, 22 } return
		tcp dport { 9, 22 } return
		udp sport { 9, 67, 68, 123, 546, 547 } return
		udp dport { 9, 67, 68, 123, 546, 547 } return
		icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } return
		ip daddr { 10.9.0.0-10.9.1.127, 169.254.0.0/16 } return
		ip6 daddr { fd00:ec2::/32, fd77::/64 } return
		ip saddr 172.33.7.44 tcp sport 7440 return
		ip daddr 172.33.7.44 tcp dport 7440 return
		ip6 saddr fd21::72c tcp sport 7440 return
		ip6 daddr fd21::72c tcp dport 7440 return
		meta protocol @_2024.split-1/g3 jump _2024.split-1/s3/out
	}
}
)";

class ReadbackTest : public LinuxKernelTest {
 protected:
  // nft's listing without the owner, which belongs to the process that made the table.
  std::string Listing() {
    std::vector<std::string> lines;
    for (absl::string_view line : absl::StrSplit(node().Run("nft list ruleset"), '\n')) {
      if (line == "\tflags owner") {
        owned_ = true;
        continue;
      }
      if (owned_ && line.empty() && lines.size() == 1) continue;
      lines.emplace_back(line.substr(0, line.find(" # progname")));
    }
    return absl::StrJoin(lines, "\n");
  }

  bool owned_ = false;
};

TEST_F(ReadbackTest, NftPrintsTheRulesAsIntended) {
  FAULTLINE_SKIP_IF(WhyNoHook());
  ASSERT_THAT(kernel_->Install(FullProgram()), IsOk());
  EXPECT_EQ(Listing(), kExpected);
  const auto capabilities = kernel_->Probe();
  ASSERT_THAT(capabilities, IsOk());
  EXPECT_EQ(owned_, capabilities->Has(Capability::kTableOwner));
}

TEST_F(ReadbackTest, NftPrintsAnOpenGate) {
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_THAT(node().Run("nft -s list set netdev faultline r/g0"),
              ::testing::HasSubstr("elements = { ip timeout 1m,\n\t\t\t     ip6 timeout 1m }"));
}

// Two pairs of namespaces, one programmed by us and one by `nft -f` of what nft prints of the first, let the same
// packets through.
TEST_F(ReadbackTest, PrintedTextLoadedByNftBehavesTheSame) {
  FAULTLINE_SKIP_IF(WhyNoHook());
  const Netns other_node;
  const Netns other_peer;
  Wire(other_node, other_peer);
  other_node.Run("ip link add fl0 type ifb");
  other_node.Run("tc qdisc add dev fl0 root blackhole");
  other_node.Run("ip link set fl0 up");
  ASSERT_THAT(kernel_->Install(FullProgram()), IsOk());
  other_node.Run("nft -f -", Listing());

  const auto arrives = [&](const Netns& a, const Netns& b, bool in, std::uint16_t port, bool v4) {
    const std::string node_address = v4 ? kNode4 : kNode6;
    const std::string peer_address = v4 ? kPeer4 : kPeer6;
    return in ? SendAndCount(b, peer_address, a, node_address, port).arrived
              : SendAndCount(a, node_address, b, peer_address, port).arrived;
  };
  const auto compare = [&](const char* state) {
    for (const bool in : {true, false}) {
      for (const bool v4 : {true, false}) {
        for (const std::uint16_t port : {3000, 68}) {
          EXPECT_EQ(arrives(node(), peer(), in, port, v4), arrives(other_node, other_peer, in, port, v4))
              << state << (in ? ", in" : ", out") << (v4 ? ", IPv4" : ", IPv6") << ", port " << port;
        }
      }
    }
  };
  compare("closed");
  ASSERT_THAT(OpenGate("2024.split-1", 0), IsOk());
  other_node.Run("nft add element netdev faultline _2024.split-1/g0 { ip timeout 60s, ip6 timeout 60s }");
  compare("step 0 open");
  EXPECT_EQ(Reachable(), "out4 out6");
  ASSERT_THAT(OpenGate("2024.split-1", 3), IsOk());
  other_node.Run("nft add element netdev faultline _2024.split-1/g3 { ip timeout 60s, ip6 timeout 60s }");
  compare("steps 0 and 3 open");
  EXPECT_EQ(Reachable(), "");
}

// One step of every kind and every part of a filter, but for what nft 1.0.6 writes in another way than we do: code
// points that have a name.
Program EveryKind(const CapabilitySet& has) {
  Program program = FullProgram();
  program.run = RunId("r");
  // Ranges that touch are one in the kernel, and two in our words.
  program.protect.remotes = Prefixes({"10.9.0.0/24", "fd77::/64"});
  // An outline of several.
  program.prefix_sets[1] = Prefixes({"172.33.0.0/16", "172.35.9.0/24", "fd21::/48", "fd25::/48"});
  program.steps.clear();
  const std::vector<Match> from = {{.sources = 1}};
  const std::vector<Match> to = {{.destinations = 1, .except_destinations = 2}};
  Impairment fast;
  fast.rate = BitRate{1'000'000'000};
  Impairment loss;
  loss.loss = Ratio::PartsPerBillion(12'345);
  const auto add = [&](Program::StepRules step) {
    step.index = static_cast<StepIndex>(program.steps.size());
    program.steps.push_back(std::move(step));
  };
  program.egress_by_clsact = EgressByClsact();
  const bool out = has.Has(SenderHook(has)) && has.Has(Capability::kBlackholeLane);
  const std::vector<PacketFilter> filters = {
      {},
      {.protocol = Protocol::kTcp, .destination_ports = {{80, 80}}},
      {.protocol = Protocol::kUdp, .source_ports = {{1, 1023}, {8000, 8000}}},
      {.protocol = Protocol::kSctp, .destination_ports = {{80, 80}, {443, 443}}, .source_ports = {{1024, 65535}}},
      {.protocol = Protocol::kIcmp, .dscp = 47},
      {.either_ports = {{53, 53}}, .except_ports = {{9000, 9001}}, .except_addresses = 2},
      {.interfaces = {"eth0"}},
      {.interfaces = {"eth0", "eth1"}},
  };
  for (const PacketFilter& filter : filters) {
    add({.filter = filter, .incoming = from, .outgoing = out ? to : std::vector<Match>()});
    if (has.Has(Capability::kReject)) add({.effect = Reject(), .filter = filter, .incoming = from});
    if (has.Has(Capability::kRejectOutgoing)) add({.effect = Reject(), .filter = filter, .outgoing = to});
    for (PacketFilter by_state : {filter, filter}) {
      if (!has.Has(Capability::kConnectionState)) break;
      const bool first = program.steps.back().filter.connection == Connection::kAny;
      by_state.connection = first ? Connection::kNew : Connection::kEstablished;
      add({.effect = first ? Effect(Drop()) : Effect(Reject()), .filter = by_state, .incoming = from});
    }
    if (has.Has(Capability::kRateLane)) {
      add({.effect = fast, .filter = filter, .incoming = from, .lane = LaneKind::kRate});
      if (has.Has(Capability::kRandomRule)) {
        add({.effect = loss, .filter = filter, .incoming = from, .lane = LaneKind::kLossByRule});
      }
    }
  }
  return program;
}

// Rules by "family chain".
using RulesByChain = std::map<std::string, std::vector<std::string>>;

// As our own operations call them.
RulesByChain OurRules(const NftBatch& batch) {
  RulesByChain rules;
  for (absl::string_view name : batch.names()) {
    if (!absl::ConsumePrefix(&name, "add rule ")) continue;
    const char* family = absl::ConsumePrefix(&name, "inet ") ? "inet " : "netdev ";
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(name, absl::MaxSplits(": ", 1));
    // Whose device it is forwarded to, the kernel says.
    rules[absl::StrCat(family, parts.first)].push_back(std::string(parts.second.substr(0, parts.second.find(" fwd"))));
  }
  return rules;
}

// As nft lists them.
RulesByChain ListedRules(const std::string& listing) {
  RulesByChain rules;
  std::string family;
  std::vector<std::string>* chain = nullptr;
  for (absl::string_view line : absl::StrSplit(listing, '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(absl::StripAsciiWhitespace(line), ' ');
    if (words.front() == "table") family = std::string(words[1]);
    if (words.front() == "chain") chain = &rules[absl::StrCat(family, " ", words[1])];
    if (words.front() == "}") chain = nullptr;
    if (chain == nullptr || words.front() == "chain" || words.front() == "type") continue;
    std::string rule =
        absl::StrReplaceAll(absl::StripAsciiWhitespace(line), {{"counter packets 0 bytes 0", "counter"}});
    chain->push_back(rule.substr(0, rule.find(" fwd")));
  }
  std::erase_if(rules, [](const auto& entry) { return entry.second.empty(); });
  return rules;
}

TEST_F(ReadbackTest, NftCallsEveryRuleAsWeDo) {
  const auto capabilities = kernel_->Probe();
  ASSERT_THAT(capabilities, IsOk());
  const Program program = EveryKind(*capabilities);
  ASSERT_THAT(kernel_->Install(program), IsOk());
  RunLanes lanes{.blackhole = Lane{.name = "fl0"}};
  for (const StepChain& chain : LayOut(program)) lanes.detours[{chain.step->index, chain.direction()}] = Lane();
  NftBatch batch(1);
  AddInstall(batch, program, lanes);
  const RulesByChain ours = OurRules(batch);
  const RulesByChain listed = ListedRules(Listing());
  for (const auto& [chain, rules] : ours) {
    const auto found = listed.find(chain);
    ASSERT_NE(found, listed.end()) << chain;
    EXPECT_EQ(found->second, rules) << chain;
  }
  EXPECT_EQ(ours.size(), listed.size());
}

class RunNameTest : public ReadbackTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(RunNameTest, IsReadBackByNft) {
  Program program = ParisIngressProgram(GetParam());
  // nft loads an anonymous set of one element as a plain comparison, and prints it so.
  program.protect.remotes = Prefixes({"10.9.0.0/24", "fd77::/64"});
  ASSERT_THAT(kernel_->Install(program), IsOk());
  const std::string text = Listing();
  const Netns other;
  other.Run("ip link add eth0 type veth peer name other");
  other.Run("nft -f -", text);
  EXPECT_EQ(other.Run("nft list ruleset"), text);
}

INSTANTIATE_TEST_SUITE_P(All, RunNameTest,
                         ::testing::Values("r", "7", "2024-06-01T12.00_split", "10.0.0.1", "0x1f", "ip", "A-b_c.d",
                                           std::string(64, 'x'), std::string(64, '9')));

}  // namespace
}  // namespace faultline::testing
