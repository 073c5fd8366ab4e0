#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "controller/plan/plan_yaml.h"

namespace faultline {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The one step of a plan without errors; `keys` are those beside "for: 1m".
PlanStep StepOf(absl::string_view keys, absl::string_view top = "") {
  const ParsedPlan parsed = ParsePlan(absl::StrCat("name: p\ngroups: {lon: {nodes: [a]}, par: {nodes: [b]}}\n", top,
                                                   "\nsteps:\n  - {for: 1m, ", keys, "}\n"));
  for (const TextError& error : parsed.errors) ADD_FAILURE() << error.ToString("plan.yaml") << "\n" << keys;
  return parsed.plan.steps.empty() ? PlanStep() : parsed.plan.steps[0];
}

PlanStep BlockOf(absl::string_view keys) { return StepOf(absl::StrCat("block: {from: lon, to: par, ", keys, "}")); }

Impairment ImpairmentOf(absl::string_view keys) {
  return std::get<Impairment>(StepOf(absl::StrCat("impair: {from: lon, to: par, ", keys, "}")).effect);
}

Impairment AsMade(const std::function<void(Impairment&)>& change) {
  Impairment impairment;
  change(impairment);
  return impairment;
}

TEST(FaultTest, Actions) {
  EXPECT_EQ(StepOf("block: {from: lon, to: par}").effect, Effect(Drop()));
  EXPECT_EQ(BlockOf("action: drop").effect, Effect(Drop()));
  EXPECT_EQ(BlockOf("action: reject").effect, Effect(Reject()));
  EXPECT_EQ(StepOf("partition: [lon, par]").effect, Effect(Drop()));
  EXPECT_EQ(StepOf("partition: {groups: [lon, par], action: reject}").effect, Effect(Reject()));
}

TEST(FaultTest, Ends) {
  const PlanStep one_way = StepOf("impair: {from: par, to: lon, delay: 1ms}");
  EXPECT_EQ(std::get<OneWay>(one_way.ends).from, "par");
  EXPECT_EQ(std::get<OneWay>(one_way.ends).to, "lon");
  EXPECT_THAT(std::get<Between>(StepOf("impair: {between: [par, lon], delay: 1ms}").ends).groups,
              ElementsAre("par", "lon"));
  EXPECT_THAT(std::get<Between>(StepOf("partition: {groups: [lon, par]}").ends).groups, ElementsAre("lon", "par"));
}

TEST(FaultTest, Protocols) {
  EXPECT_EQ(BlockOf("protocol: any").filter.protocol, Protocol::kAny);
  EXPECT_EQ(BlockOf("protocol: tcp").filter.protocol, Protocol::kTcp);
  EXPECT_EQ(BlockOf("protocol: udp").filter.protocol, Protocol::kUdp);
  EXPECT_EQ(BlockOf("protocol: icmp").filter.protocol, Protocol::kIcmp);
  EXPECT_EQ(BlockOf("protocol: sctp").filter.protocol, Protocol::kSctp);
}

TEST(FaultTest, PortsAreSortedAndMayBeASingleOne) {
  const PacketFilter filter = BlockOf("ports: [3001-3002, 80], source_ports: 1-65535, exclude_ports: [22]").filter;
  EXPECT_THAT(filter.destination_ports, ElementsAre(PortRange{80, 80}, PortRange{3001, 3002}));
  EXPECT_THAT(filter.source_ports, ElementsAre(PortRange{1, 65535}));
  EXPECT_THAT(filter.except_ports, ElementsAre(PortRange{22, 22}));
  EXPECT_THAT(filter.either_ports, IsEmpty());
}

TEST(FaultTest, PortsOfAFaultBothWaysCountOnEitherEnd) {
  for (const char* fault :
       {"partition: {groups: [lon, par], ports: 3000}", "impair: {between: [lon, par], delay: 1ms, ports: 3000}"}) {
    const PacketFilter filter = StepOf(fault).filter;
    EXPECT_THAT(filter.either_ports, ElementsAre(PortRange{3000, 3000}));
    EXPECT_THAT(filter.destination_ports, IsEmpty());
  }
}

TEST(FaultTest, OtherPacketKeys) {
  const PlanStep step = BlockOf("exclude: [10.0.0.0/8, fd20::1], interface: [eth1, eth0], connections: established");
  EXPECT_EQ(step.exclude.ToString(), "10.0.0.0/8, fd20::1/128");
  EXPECT_EQ(step.filter.except_addresses, std::nullopt);
  EXPECT_THAT(step.filter.interfaces, ElementsAre("eth0", "eth1"));
  EXPECT_EQ(step.filter.connection, Connection::kEstablished);
  EXPECT_EQ(BlockOf("exclude: 10.1.2.3").exclude.ToString(), "10.1.2.3/32");
  EXPECT_THAT(BlockOf("interface: eth1").filter.interfaces, ElementsAre("eth1"));
  EXPECT_EQ(BlockOf("connections: new").filter.connection, Connection::kNew);
}

TEST(FaultTest, CodePoints) {
  const std::pair<const char*, int> points[] = {{"0", 0},     {"63", 63},   {"ef", 46}, {"af11", 10}, {"af43", 38},
                                                {"cs0", 0},   {"cs7", 56},  {"va", 44}, {"le", 1},    {"be", 0},
                                                {"af22", 20}, {"af31", 26}, {"cs5", 40}};
  for (const auto& [text, value] : points) {
    EXPECT_EQ(BlockOf(absl::StrCat("dscp: ", text)).filter.dscp, value) << text;
  }
  EXPECT_EQ(BlockOf("ports: 1").filter.dscp, std::nullopt);
}

TEST(FaultTest, AssuredForwardingIsByClassAndDropPrecedence) {
  // RFC 2597: AFxy is 8x + 2y; RFC 2474: CSx is 8x.
  for (int x = 1; x <= 4; ++x) {
    for (int y = 1; y <= 3; ++y) EXPECT_EQ(BlockOf(absl::StrCat("dscp: af", x, y)).filter.dscp, 8 * x + 2 * y);
  }
  for (int x = 0; x <= 7; ++x) EXPECT_EQ(BlockOf(absl::StrCat("dscp: cs", x)).filter.dscp, 8 * x);
}

TEST(FaultTest, SecurityGroupSemantics) {
  for (const char* fault : {"block: {from: lon, to: par, ports: 3000, action: drop}", "partition: [lon, par]"}) {
    const PlanStep step = StepOf(absl::StrCat(fault, ", semantics: security-group"));
    EXPECT_EQ(step.filter.connection, Connection::kNew);
    EXPECT_EQ(step.effect, Effect(Drop()));
  }
}

TEST(FaultTest, Delays) {
  EXPECT_EQ(ImpairmentOf("delay: 80ms, jitter: 10ms, distribution: paretonormal"), AsMade([](Impairment& made) {
              made.delay = milliseconds(80);
              made.jitter = milliseconds(10);
              made.distribution = Distribution::kParetoNormal;
            }));
  EXPECT_EQ(ImpairmentOf("delay: 2ms, jitter: 1ms, distribution: normal").distribution, Distribution::kNormal);
  EXPECT_EQ(ImpairmentOf("delay: 2ms, jitter: 1ms, distribution: pareto").distribution, Distribution::kPareto);
  EXPECT_EQ(ImpairmentOf("delay: 2ms, jitter: 1ms, distribution: uniform").distribution, Distribution::kUniform);
}

TEST(FaultTest, ARoundTripIsHalfEachWay) {
  const PlanStep step = StepOf("impair: {between: [lon, par], rtt: 301ms, jitter: 10ms}, ramp: {rtt: 1s, over: 10s}");
  EXPECT_EQ(std::get<Impairment>(step.effect).delay, microseconds(150'500));
  EXPECT_EQ(std::get<Impairment>(step.effect).jitter, milliseconds(10));
  EXPECT_EQ(step.ramp->to.delay, milliseconds(500));
}

TEST(FaultTest, Losses) {
  EXPECT_EQ(ImpairmentOf("loss: 200ppm"),
            AsMade([](Impairment& made) { made.loss = Ratio::PartsPerBillion(200'000); }));
  EXPECT_EQ(ImpairmentOf("loss: {ratio: 1%, correlation: 25%}"), AsMade([](Impairment& made) {
              made.loss = Ratio::Percent(1);
              made.loss_correlation = Ratio::Percent(25);
            }));
  EXPECT_EQ(ImpairmentOf("loss: {gemodel: {p: 1%, r: 10%}}"), AsMade([](Impairment& made) {
              made.bursts = GilbertElliott{.p = Ratio::Percent(1), .r = Ratio::Percent(10)};
            }));
  EXPECT_EQ(
      ImpairmentOf("loss: {gemodel: {p: 1%, r: 10%, 1-h: 90%, 1-k: 2%}}"), AsMade([](Impairment& made) {
        made.bursts = GilbertElliott{Ratio::Percent(1), Ratio::Percent(10), Ratio::Percent(90), Ratio::Percent(2)};
      }));
}

TEST(FaultTest, SharesOfPackets) {
  EXPECT_EQ(ImpairmentOf("duplicate: 2%, corrupt: {ratio: 3%, correlation: 4%}"), AsMade([](Impairment& made) {
              made.duplicate = Ratio::Percent(2);
              made.corrupt = Ratio::Percent(3);
              made.corrupt_correlation = Ratio::Percent(4);
            }));
  EXPECT_EQ(ImpairmentOf("duplicate: {ratio: 2%, correlation: 5%}, corrupt: 1%"), AsMade([](Impairment& made) {
              made.duplicate = Ratio::Percent(2);
              made.duplicate_correlation = Ratio::Percent(5);
              made.corrupt = Ratio::Percent(1);
            }));
}

TEST(FaultTest, Reorder) {
  EXPECT_EQ(ImpairmentOf("delay: 1ms, reorder: {ratio: 25%, correlation: 50%, gap: 5}"), AsMade([](Impairment& made) {
              made.delay = milliseconds(1);
              made.reorder = Ratio::Percent(25);
              made.reorder_correlation = Ratio::Percent(50);
              made.reorder_gap = 5;
            }));
  EXPECT_EQ(ImpairmentOf("delay: 1ms, reorder: 25%").reorder, Ratio::Percent(25));
  const Impairment allowed = ImpairmentOf("delay: 2ms, jitter: 1ms, reorder: allow");
  EXPECT_TRUE(allowed.reorder_by_jitter);
  EXPECT_TRUE(allowed.reorder.zero());
  EXPECT_FALSE(ImpairmentOf("delay: 2ms, jitter: 1ms").reorder_by_jitter);
}

TEST(FaultTest, Rate) {
  EXPECT_EQ(ImpairmentOf("rate: 1.5gbit, burst: 64kb"), AsMade([](Impairment& made) {
              made.rate = BitRate{1'500'000'000};
              made.burst = 64'000;
            }));
}

TEST(FaultTest, SamplesInPlaceAreSorted) {
  const Impairment impairment = ImpairmentOf("samples: [3ms, 1.5ms, 2us]");
  EXPECT_EQ(impairment.distribution, Distribution::kSamples);
  EXPECT_THAT(impairment.samples, ElementsAre(microseconds(2), microseconds(1500), milliseconds(3)));
}

TEST(FaultTest, SamplesByName) {
  const PlanStep step = StepOf("impair: {between: [lon, par], samples: peering}", "samples: {peering: [2ms, 1ms]}");
  EXPECT_THAT(std::get<Impairment>(step.effect).samples, ElementsAre(milliseconds(1), milliseconds(2)));
}

TEST(FaultTest, ManySamplesBecomeQuantiles) {
  std::string list;
  for (int i = 0; i < 40'960; ++i) absl::StrAppend(&list, i == 0 ? "" : ",", 40'960 - i, "us");
  const Impairment impairment = ImpairmentOf(absl::StrCat("samples: [", list, "]"));
  ASSERT_THAT(impairment.samples, SizeIs(kMostSamples));
  // Ten values a share; the sixth is its middle.
  for (std::size_t i = 0; i < kMostSamples; ++i) {
    ASSERT_EQ(impairment.samples[i], microseconds(10 * static_cast<int>(i) + 6));
  }
}

TEST(FaultTest, MissingSamplesAreNamedForTheReaderOfFiles) {
  const ParsedPlan parsed = ParsePlan(
      "name: p\ngroups: {lon: {nodes: [a]}, par: {nodes: [b]}}\nsteps:\n"
      "  - {for: 1m, impair: {between: [lon, par], samples: a.csv}}\n");
  ASSERT_THAT(parsed.missing_files, SizeIs(1));
  EXPECT_EQ(parsed.missing_files[0].name, "a.csv");
  EXPECT_EQ(parsed.missing_files[0].position, (SourcePosition{4, 54}));
  EXPECT_THAT(parsed.errors, SizeIs(1));
}

TEST(FaultTest, Flaps) {
  EXPECT_EQ(StepOf("partition: [lon, par], flap: {down: 2s, up: 5s}").flap,
            (Flap{seconds(2), seconds(5), Duration(0)}));
  EXPECT_EQ(StepOf("impair: {from: lon, to: par, loss: 1%}, flap: {jitter: 200ms, down: 2s, up: 5s}").flap,
            (Flap{seconds(2), seconds(5), milliseconds(200)}));
  EXPECT_EQ(StepOf("partition: [lon, par]").flap, std::nullopt);
}

TEST(FaultTest, RampsMoveWhatTheyName) {
  const PlanStep step = StepOf(
      "impair: {from: lon, to: par, delay: 10ms, jitter: 1ms, distribution: normal, loss: {ratio: 1%, correlation: "
      "5%}, "
      "rate: 10mbit}, ramp: {delay: 300ms, loss: 2%, rate: 1mbit, over: 45s, steps: 10}");
  const auto& from = std::get<Impairment>(step.effect);
  Impairment to = from;
  to.delay = milliseconds(300);
  to.loss = Ratio::Percent(2);
  to.rate = BitRate{1'000'000};
  EXPECT_EQ(step.ramp, (Ramp{.to = to, .over = seconds(45), .changes = 10}));
}

TEST(FaultTest, RampsMayBeginOrEndWithNothing) {
  const PlanStep up = StepOf(
      "impair: {between: [lon, par], distribution: normal}, ramp: {delay: 300ms, jitter: 30ms, duplicate: 1%, "
      "corrupt: 2%, reorder: 3%, over: 1m}");
  EXPECT_EQ(std::get<Impairment>(up.effect).delay, Duration(0));
  EXPECT_EQ(up.ramp->to.jitter, milliseconds(30));
  EXPECT_EQ(up.ramp->to.duplicate, Ratio::Percent(1));
  EXPECT_EQ(up.ramp->to.corrupt, Ratio::Percent(2));
  EXPECT_EQ(up.ramp->to.reorder, Ratio::Percent(3));
  EXPECT_EQ(up.ramp->changes, 0u);
  EXPECT_EQ(StepOf("impair: {between: [lon, par], delay: 0ms}, ramp: {delay: 300ms, over: 45s}").ramp->over,
            seconds(45));
  EXPECT_EQ(StepOf("impair: {between: [lon, par], loss: {ratio: 5%, correlation: 9%}}, ramp: {loss: 0%, over: 1s}")
                .ramp->to.loss,
            Ratio());
}

TEST(FaultTest, AnAliasedFaultReadsAlikeBothWays) {
  const ParsedPlan parsed = ParsePlan(R"(name: p
groups: {lon: {nodes: [a]}, par: {nodes: [b]}}
steps:
  - {for: 1s, impair: &far {between: [lon, par], rtt: 80ms, ports: [1, 2]}, flap: &flap {down: 1s, up: 1s}}
  - {at: 1s, for: 1s, impair: *far, flap: *flap}
)");
  ASSERT_THAT(parsed.errors, IsEmpty());
  EXPECT_EQ(parsed.plan.steps[0].effect, parsed.plan.steps[1].effect);
  EXPECT_EQ(parsed.plan.steps[0].filter, parsed.plan.steps[1].filter);
  EXPECT_EQ(parsed.plan.steps[0].flap, parsed.plan.steps[1].flap);
}

}  // namespace
}  // namespace faultline
