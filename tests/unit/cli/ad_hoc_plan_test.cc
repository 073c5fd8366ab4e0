#include "controller/cli/ad_hoc_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "controller/plan/plan_yaml.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

// The one step that a command line means.
PlanStep StepOf(const AdHocPlan& plan) {
  const absl::StatusOr<AdHocText> text = AdHocText::Write(plan);
  if (!text.ok()) {
    ADD_FAILURE() << text.status();
    return {};
  }
  const ParsedPlan parsed = ParsePlan(text->text());
  for (const TextError& error : parsed.errors) ADD_FAILURE() << error.ToString("") << "\n" << text->text();
  EXPECT_EQ(parsed.plan.name, plan.verb);
  EXPECT_EQ(parsed.plan.steps.size(), 1u);
  return parsed.plan.steps.empty() ? PlanStep() : parsed.plan.steps[0];
}

// The errors of a command line, as a person sees them.
std::string ErrorsOf(const AdHocPlan& plan) {
  const absl::StatusOr<AdHocText> text = AdHocText::Write(plan);
  if (!text.ok()) return std::string(text.status().message());
  return text->Explain(JoinErrors(ParsePlan(text->text()).errors, text->name()));
}

AdHocPlan Verb(const std::string& verb, std::map<std::string, std::string> options = {}, bool one_way = false) {
  return {.verb = verb, .first = "lon", .second = "par", .one_way = one_way, .length = "30s", .options = options};
}

TEST(AdHocPlanTest, BlockBothWaysIsAPartition) {
  const PlanStep step = StepOf(Verb("block"));
  EXPECT_THAT(std::get<Between>(step.ends).groups, ElementsAre("lon", "par"));
  EXPECT_EQ(step.effect, Effect(Drop()));
  EXPECT_EQ(step.length, seconds(30));
  EXPECT_EQ(step.at, Duration(0));
}

TEST(AdHocPlanTest, BlockOneWayWithEveryPacketOption) {
  const PlanStep step = StepOf(Verb("block",
                                    {{"protocol", "tcp"},
                                     {"ports", "3002,3000-3001"},
                                     {"source-ports", "1024-65535"},
                                     {"exclude-ports", "22"},
                                     {"exclude", "10.0.0.0/8,fd00::1"},
                                     {"interface", "eth1,eth0"},
                                     {"dscp", "ef"},
                                     {"connections", "established"},
                                     {"action", "reject"}},
                                    /*one_way=*/true));
  EXPECT_EQ(std::get<OneWay>(step.ends).from, "lon");
  EXPECT_EQ(std::get<OneWay>(step.ends).to, "par");
  EXPECT_EQ(step.effect, Effect(Reject()));
  EXPECT_EQ(step.filter.protocol, Protocol::kTcp);
  EXPECT_THAT(step.filter.destination_ports, ElementsAre(PortRange{3000, 3001}, PortRange{3002, 3002}));
  EXPECT_THAT(step.filter.source_ports, ElementsAre(PortRange{1024, 65535}));
  EXPECT_THAT(step.filter.except_ports, ElementsAre(PortRange{22, 22}));
  EXPECT_EQ(step.exclude.ToString(), "10.0.0.0/8, fd00::1/128");
  EXPECT_THAT(step.filter.interfaces, ElementsAre("eth0", "eth1"));
  EXPECT_EQ(step.filter.dscp, 46);
  EXPECT_EQ(step.filter.connection, Connection::kEstablished);
}

TEST(AdHocPlanTest, SecurityGroupLetsEstablishedConnectionsLive) {
  AdHocPlan plan = Verb("partition");
  plan.security_group = true;
  EXPECT_EQ(StepOf(plan).filter.connection, Connection::kNew);
  plan.options["action"] = "reject";
  EXPECT_EQ(ErrorsOf(plan), "--security-group and --action reject exclude each other: a security group drops silently");
}

TEST(AdHocPlanTest, ImpairWithEveryOption) {
  const PlanStep step = StepOf(Verb("impair", {{"rtt", "160ms"},
                                               {"jitter", "10ms"},
                                               {"distribution", "normal"},
                                               {"gemodel", "1%,10%,90%,0.1%"},
                                               {"duplicate", "0.5%"},
                                               {"corrupt", "0.1%"},
                                               {"reorder", "5%"},
                                               {"rate", "10mbit"},
                                               {"burst", "64kb"},
                                               {"ports", "3000"}}));
  EXPECT_TRUE(std::holds_alternative<Between>(step.ends));
  Impairment expected;
  expected.delay = milliseconds(80);
  expected.jitter = milliseconds(10);
  expected.distribution = Distribution::kNormal;
  expected.bursts = GilbertElliott{.p = Ratio::Percent(1),
                                   .r = Ratio::Percent(10),
                                   .bad_loss = Ratio::Percent(90),
                                   .good_loss = Ratio::PartsPerBillion(1'000'000)};
  expected.duplicate = Ratio::PartsPerBillion(5'000'000);
  expected.corrupt = Ratio::PartsPerBillion(1'000'000);
  expected.reorder = Ratio::Percent(5);
  expected.rate = BitRate{10'000'000};
  expected.burst = 64'000;
  EXPECT_EQ(std::get<Impairment>(step.effect), expected);
  EXPECT_THAT(step.filter.either_ports, ElementsAre(PortRange{3000, 3000}));
}

TEST(AdHocPlanTest, FlapIsAPartitionThatComesAndGoes) {
  const PlanStep step = StepOf(Verb("flap", {{"down", "2s"}, {"up", "5s"}, {"jitter", "200ms"}, {"protocol", "udp"}}));
  EXPECT_TRUE(std::holds_alternative<Between>(step.ends));
  EXPECT_EQ(step.flap, (Flap{seconds(2), seconds(5), milliseconds(200)}));
  EXPECT_EQ(step.filter.protocol, Protocol::kUdp);
  EXPECT_TRUE(
      std::holds_alternative<OneWay>(StepOf(Verb("flap", {{"down", "2s"}, {"up", "5s"}}, /*one_way=*/true)).ends));
}

TEST(AdHocPlanTest, GroupsAreCalledAsOnTheCommandLineWhenThatIsAName) {
  const auto names = [](const std::string& first, const std::string& second) {
    AdHocPlan plan = Verb("partition");
    plan.first = first;
    plan.second = second;
    return std::get<Between>(StepOf(plan).ends).groups;
  };
  EXPECT_THAT(names("region=eu-west-2", "region=eu-west-3"), ElementsAre("eu-west-2", "eu-west-3"));
  EXPECT_THAT(names("lon-1", "172.33.8.38"), ElementsAre("lon-1", "172.33.8.38"));
  EXPECT_THAT(names("172.32.0.0/16", "fd21::/48"), ElementsAre("A", "B"));
  EXPECT_THAT(names("lon-1,lon-2", "par-*"), ElementsAre("A", "B"));
  EXPECT_THAT(names("region=eu", "country=eu"), ElementsAre("A", "B"));
  EXPECT_THAT(names("az=\"a\\\n", "B"), ElementsAre("A", "B"));
}

struct BadCommand {
  const char* name;
  AdHocPlan plan;
  std::string error;
};

void PrintTo(const BadCommand& bad, std::ostream* out) { *out << bad.name; }

std::string NameOf(const ::testing::TestParamInfo<BadCommand>& bad) { return bad.param.name; }

class BadCommandTest : public ::testing::TestWithParam<BadCommand> {};

TEST_P(BadCommandTest, IsToldInItsOwnWords) { EXPECT_EQ(ErrorsOf(GetParam().plan), GetParam().error); }

AdHocPlan WithLength(AdHocPlan plan, const std::string& length) {
  plan.length = length;
  return plan;
}

AdHocPlan Between(AdHocPlan plan, const std::string& first, const std::string& second) {
  plan.first = first;
  plan.second = second;
  return plan;
}

INSTANTIATE_TEST_SUITE_P(
    Options, BadCommandTest,
    ::testing::Values(
        BadCommand{"LengthWithoutUnit", WithLength(Verb("block"), "30"),
                   "--for: '30' is not a duration: it has no unit; write for example 250ms, 30s, 1h30m or PT5M"},
        BadCommand{"TooShort", WithLength(Verb("block"), "10ms"), "--for is 10ms; a step lasts at least 100ms"},
        BadCommand{"Port", Verb("block", {{"ports", "3000,http"}}),
                   "--ports: 'http' is not a port: write a number from 1 to 65535, or a range such as 3001-3002"},
        BadCommand{"PortTwice", Verb("block", {{"ports", "3000,2999-3001"}}), "--ports: port 3000 comes twice"},
        BadCommand{"SourcePortsBothWays", Verb("block", {{"source-ports", "1"}}),
                   "--source-ports is for one-way faults: both ways each end is a source; use --ports, which counts on "
                   "either end, or --one-way"},
        BadCommand{"Protocol", Verb("partition", {{"protocol", "tpc"}}),
                   "--protocol must be any, tcp, udp, icmp or sctp, not 'tpc'; did you mean 'tcp'?"},
        BadCommand{"IcmpPorts", Verb("partition", {{"protocol", "icmp"}, {"ports", "1"}}),
                   "--protocol: icmp has no ports"},
        BadCommand{"Nothing", Verb("impair"),
                   "faultline impair: 'impair': it changes nothing; give a delay, a loss or a rate"},
        BadCommand{"LossWithoutUnit", Verb("impair", {{"loss", "0.01"}}),
                   "--loss: '0.01' is not a ratio: it has no unit; write for example 1%, 0.05% or 200ppm"},
        BadCommand{"JitterAlone", Verb("impair", {{"jitter", "1ms"}}),
                   "--jitter: 1ms is more than the delay of 0s; no packet can arrive before it is sent"},
        BadCommand{"RttOneWay", Verb("impair", {{"rtt", "80ms"}}, /*one_way=*/true),
                   "--rtt is for faults both ways, with half of it each way; one way, write --delay"},
        BadCommand{"RttAndDelay", Verb("impair", {{"rtt", "80ms"}, {"delay", "40ms"}}),
                   "--rtt and --delay exclude each other: --delay is one way, --rtt half of it each way"},
        BadCommand{"TwoLosses", Verb("impair", {{"loss", "1%"}, {"gemodel", "1%,10%"}}),
                   "--loss and --gemodel exclude each other"},
        BadCommand{"GemodelForm", Verb("impair", {{"gemodel", "1%"}}),
                   "--gemodel is P,R[,1-H[,1-K]], for example 1%,10%, not '1%'"},
        BadCommand{"GemodelNeverEnds", Verb("impair", {{"gemodel", "1%,0%"}}),
                   "--gemodel: 'r': with 0 the bad state never ends; use 'block' for a link that is gone"},
        BadCommand{"FlapTooFast", Verb("flap", {{"down", "10ms"}, {"up", "1s"}}), "--down: 10ms is shorter than 100ms"},
        BadCommand{"FlapJitter", Verb("flap", {{"down", "1s"}, {"up", "1s"}, {"jitter", "500ms"}}),
                   "--jitter: 500ms either way could leave a phase shorter than 100ms"},
        BadCommand{"ExcludeHostBits", Verb("block", {{"exclude", "10.0.0.1/8"}}),
                   "--exclude: CIDR '10.0.0.1/8' has host bits set; did you mean 10.0.0.0/8 or 10.0.0.1/32?"},
        BadCommand{"Dscp", Verb("block", {{"dscp", "64"}}), "--dscp must be a whole number from 0 to 63, not '64'"},
        BadCommand{"LineBreak", Verb("block", {{"interface", "eth0\n      action: reject"}}),
                   "--interface: 'eth0\\n      action: reject' is no interface's name"},
        BadCommand{"SameGroups", Between(Verb("block"), "region=eu", "region=eu"), "A and B are both 'region=eu'"},
        BadCommand{"BadGroup", Between(Verb("block"), "lon", "172.33.1.0/16"),
                   "CIDR '172.33.1.0/16' has host bits set; did you mean 172.33.0.0/16 or 172.33.1.0/32?"},
        BadCommand{"TwoErrors", Verb("block", {{"ports", "0"}, {"action", "deny"}}),
                   "--action must be drop or reject, not 'deny'\n--ports: '0' is not a port: write a number from 1 to "
                   "65535, or a range such as 3001-3002"}),
    NameOf);

TEST(AdHocPlanTest, ExplainsWhatTheControllerFoundInTheText) {
  const absl::StatusOr<AdHocText> text = AdHocText::Write(Between(Verb("block"), "region=eu", "172.33.0.0/16"));
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(text->Explain("faultline block:3:3: group 'eu' has no member"), "region=eu: group 'eu' has no member");
  EXPECT_EQ(text->Explain("faultline block:4:3: no node\nfaultline block:6:5: step"),
            "172.33.0.0/16: no node\nfaultline block: step");
  EXPECT_EQ(text->Explain("the controller does not answer"), "the controller does not answer");
  EXPECT_EQ(text->Explain("faultline block:99:1: far"), "faultline block:99:1: far");
  EXPECT_EQ(text->Explain("faultline block: whole"), "faultline block: whole");
}

TEST(AdHocPlanTest, EveryVerbHasItsOptionsOnce) {
  for (const char* verb : {"block", "partition", "impair", "flap"}) {
    std::map<std::string, int> names;
    for (const AdHocOption& option : AdHocOptions(verb)) EXPECT_EQ(++names[option.name], 1) << verb << option.name;
    EXPECT_EQ(names.count("ports"), 1u);
    EXPECT_EQ(names.count("delay"), verb == std::string("impair") ? 1u : 0u);
    EXPECT_EQ(names.count("down"), verb == std::string("flap") ? 1u : 0u);
    EXPECT_EQ(names.count("action"), verb == std::string("impair") ? 0u : 1u);
  }
}

}  // namespace
}  // namespace faultline
