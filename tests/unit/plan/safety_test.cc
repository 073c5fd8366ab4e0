// What a plan expects, guards and observes.

#include <gmock/gmock.h>

#include "tests/unit/plan/plan_texts.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> TextsOf(const Plan& plan) {
  std::vector<std::string> texts;
  for (const Expectation& expectation : plan.expectations) texts.push_back(expectation.text);
  return texts;
}

Plan Expecting(const std::string& items) {
  return GoodPlan(PlanOfSteps("  - {name: far, for: 30s, impair: {between: [lon, par], rtt: 160ms}}") + "expect:\n" +
                  items);
}

TEST(ExpectTest, SaysWhatIsToBeObserved) {
  const Plan plan = Expecting(
      "  - {step: far, from: lon, to: par, rtt: 160ms}\n"
      "  - {step: far, from: lon, to: par, delay: {near: 80ms, within: 25%}}\n"
      "  - {step: far, between: [lon, par], loss: {near: 1%, within: 2%}}\n"
      "  - {step: far, from: par, to: all, reach: reachable, loss: 0}\n");
  EXPECT_THAT(TextsOf(plan),
              ElementsAre("lon to par rtt ~ 160ms within 16ms in far", "lon to par delay ~ 80ms within 20ms in far",
                          "lon and par loss ~ 1% within 2% in far", "par to all reachable in far",
                          "par to all loss ~ 0% within 5% in far"));
  const Expectation& first = plan.expectations[0];
  EXPECT_EQ(first.step, "far");
  EXPECT_EQ(first.from, "lon");
  EXPECT_EQ(first.to, "par");
  EXPECT_FALSE(first.both_ways);
  EXPECT_EQ(first.position, (SourcePosition{6, 5}));
  EXPECT_TRUE(std::get<NearDelay>(first.what).round_trip);
  EXPECT_EQ(std::get<NearDelay>(first.what).delay, milliseconds(160));
  EXPECT_FALSE(std::get<NearDelay>(plan.expectations[1].what).round_trip);
  EXPECT_TRUE(plan.expectations[2].both_ways);
  EXPECT_EQ(std::get<NearLoss>(plan.expectations[2].what).loss, Ratio::Percent(1));
  EXPECT_EQ(std::get<Reachability>(plan.expectations[3].what), Reachability::kReachable);
}

TEST(ExpectTest, SmallDelaysMayDifferByFiveMilliseconds) {
  EXPECT_THAT(TextsOf(Expecting("  - {step: far, from: lon, to: par, rtt: {near: 10ms}}\n"
                                "  - {step: far, from: lon, to: par, rtt: {near: 10ms, within: 1ms}}\n")),
              ElementsAre("lon to par rtt ~ 10ms within 5ms in far", "lon to par rtt ~ 10ms within 1ms in far"));
}

TEST(ExpectTest, AStepsOwnTakesTheStepsEnds) {
  const auto of = [](const std::string& step) {
    return TextsOf(GoodPlan(PlanOfSteps("  - {name: s, for: 30s, " + step + "}")));
  };
  EXPECT_THAT(of("block: {from: lon, to: par}, expect: unreachable"), ElementsAre("lon to par unreachable in s"));
  EXPECT_THAT(of("partition: [lon, par], expect: unreachable"), ElementsAre("lon and par unreachable in s"));
  EXPECT_THAT(of("impair: {between: [lon, par], delay: 40ms}, expect: [\"rtt ~ 80ms\", \"loss ~ 1% within 2%\"]"),
              ElementsAre("lon and par rtt ~ 80ms within 8ms in s", "lon and par loss ~ 1% within 2% in s"));
  EXPECT_THAT(of("isolate: lon, expect: unreachable"), ElementsAre("lon and all - lon unreachable in s"));
  EXPECT_THAT(of("isolate: {group: lon, from: par}, expect: unreachable"),
              ElementsAre("lon and par - lon unreachable in s"));
  EXPECT_THAT(of("partition: [lon, par], expect: {from: lon, to: all, reach: reachable}"),
              ElementsAre("lon to all reachable in s"));
  EXPECT_THAT(
      of("partition: [lon, par, all], expect: unreachable"),
      ElementsAre("lon and par unreachable in s", "lon and all unreachable in s", "par and all unreachable in s"));
}

TEST(ExpectTest, TheOthersOfAnIsolatedGroupAreAGroup) {
  const Plan plan = GoodPlan(PlanOfSteps("  - {for: 30s, isolate: lon, expect: unreachable}"));
  EXPECT_THAT(plan.groups.at("all - lon").all, ElementsAre("all"));
  EXPECT_THAT(plan.groups.at("all - lon").except, ElementsAre("lon"));
  const Plan of_some = GoodPlan(PlanOfSteps("  - {for: 30s, isolate: {group: lon, from: all}, expect: unreachable}"));
  EXPECT_EQ(of_some.expectations.at(0).to, "all - lon");
}

TEST(ExpectTest, HoldsOfEveryRepetition) {
  const Plan plan = GoodPlan(
      PlanOfSteps("  - {name: cut, for: 1s, every: 5s, times: 2, block: {from: lon, to: par}, expect: unreachable}") +
      "expect: [{step: cut, from: par, to: lon, reach: reachable}, {step: cut.2, from: par, to: lon, loss: 0}]\n"
      "observe: [{before: cut, after: cut.2, command: [date]}]\n");
  EXPECT_THAT(TextsOf(plan), ElementsAre("lon to par unreachable in cut.1", "lon to par unreachable in cut.2",
                                         "par to lon reachable in cut.1", "par to lon reachable in cut.2",
                                         "par to lon loss ~ 0% within 5% in cut.2"));
  EXPECT_THAT(plan.observations[0].before, ElementsAre("cut.1", "cut.2"));
  EXPECT_THAT(plan.observations[0].after, ElementsAre("cut.2"));
}

Plan Guarding(const std::string& items) {
  return GoodPlan(PlanOfSteps("  - {for: 30s, halves: lon}") + "guards:\n" + items);
}

TEST(GuardsTest, RunCommands) {
  const Plan plan = Guarding("  - {name: quorum, every: 2s, failures: 3, command: [etcdctl, endpoint, health]}\n");
  const Guard& guard = plan.guards.at(0);
  EXPECT_EQ(guard.name, "quorum");
  EXPECT_EQ(guard.position, (SourcePosition{6, 5}));
  EXPECT_EQ(guard.every, seconds(2));
  EXPECT_EQ(guard.timeout, seconds(2));
  EXPECT_EQ(guard.failures, 3u);
  EXPECT_TRUE(guard.abort);
  EXPECT_THAT(std::get<Command>(guard.check).arguments, ElementsAre("etcdctl", "endpoint", "health"));
}

TEST(GuardsTest, AskOverHttpAndTcp) {
  const Plan plan = Guarding(
      "  - {http: \"http://10.0.0.1:8080/health?x=1\", on_fail: note, every: 1m, timeout: 30s}\n"
      "  - {http: {url: \"https://[fd20::1]/\", status: 503, field: a.0.b, equals: up}}\n"
      "  - {tcp: \"db.example.com:5432\"}\n"
      "  - {tcp: \"[fd20::1]:80\"}\n");
  EXPECT_EQ(plan.guards[0].name, "guard-1");
  EXPECT_FALSE(plan.guards[0].abort);
  EXPECT_EQ(plan.guards[0].every, minutes(1));
  EXPECT_EQ(plan.guards[0].timeout, seconds(30));
  EXPECT_EQ(std::get<HttpCheck>(plan.guards[0].check).url, "http://10.0.0.1:8080/health?x=1");
  EXPECT_EQ(std::get<HttpCheck>(plan.guards[0].check).status, 200);
  const auto& json = std::get<HttpCheck>(plan.guards[1].check);
  EXPECT_EQ(json.status, 503);
  EXPECT_EQ(json.field, "a.0.b");
  EXPECT_EQ(json.equals, "up");
  EXPECT_EQ(std::get<TcpCheck>(plan.guards[2].check).host, "db.example.com");
  EXPECT_EQ(std::get<TcpCheck>(plan.guards[2].check).port, 5432);
  EXPECT_EQ(std::get<TcpCheck>(plan.guards[3].check).host, "fd20::1");
}

TEST(ObserveTest, KeepsTheOutputOfCommands) {
  const Plan plan =
      GoodPlan(PlanOfSteps("  - {name: a, for: 30s, halves: lon}\n  - {name: b, at: 1m, for: 30s, halves: lon}") +
               "observe:\n  - {name: pmap, before: a, after: [a, b], timeout: 20s, command: [asadm, -e, show pmap]}\n"
               "  - {command: [date]}\n");
  const Observation& pmap = plan.observations.at(0);
  EXPECT_EQ(pmap.name, "pmap");
  EXPECT_THAT(pmap.before, ElementsAre("a"));
  EXPECT_THAT(pmap.after, ElementsAre("a", "b"));
  EXPECT_EQ(pmap.timeout, seconds(20));
  EXPECT_THAT(pmap.command.arguments, ElementsAre("asadm", "-e", "show pmap"));
  EXPECT_EQ(plan.observations.at(1).name, "observation-2");
  EXPECT_EQ(plan.observations.at(1).timeout, seconds(10));
  EXPECT_THAT(plan.observations.at(1).before, IsEmpty());
  EXPECT_FALSE(pmap.at_end);
  EXPECT_EQ(pmap.format, OutputFormat::kText);
}

std::string Observing(const std::string& items) {
  return PlanOfSteps("  - {name: a, for: 30s, halves: lon}") + "observe:\n" + items;
}

TEST(ObserveTest, TakesOperationsAtTheEnd) {
  const Plan plan =
      GoodPlan(Observing("  - {name: writes, at: end, format: operations, command: [account]}\n"
                         "  - {after: a, format: text, command: [date]}\n"));
  EXPECT_TRUE(plan.observations.at(0).at_end);
  EXPECT_EQ(plan.observations.at(0).format, OutputFormat::kOperations);
  EXPECT_FALSE(plan.observations.at(1).at_end);
  EXPECT_EQ(plan.observations.at(1).format, OutputFormat::kText);
}

TEST(ObserveTest, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(PlanErrors(Observing("  - {at: 10s, command: [date]}\n")),
              ElementsAre("6:10: 'at' must be end, not '10s'"));
  EXPECT_THAT(PlanErrors(Observing("  - {at: end, after: a, command: [date]}\n")),
              ElementsAre("6:10: 'at: end' and 'after' exclude each other; write an observation for each"));
  EXPECT_THAT(PlanErrors(Observing("  - {before: a, at: end, command: [date]}\n")),
              ElementsAre("6:21: 'at: end' and 'before' exclude each other; write an observation for each"));
  EXPECT_THAT(PlanErrors(Observing("  - {format: operation, command: [date]}\n")),
              ElementsAre("6:14: 'format' must be text or operations, not 'operation'; did you mean 'operations'?"));
  std::string many;
  for (int i = 0; i < 9; ++i) absl::StrAppend(&many, "  - {format: operations, command: [date]}\n");
  EXPECT_THAT(PlanErrors(Observing(many)),
              ElementsAre("14:14: a plan has at most 8 observations with 'format: operations'"));
}

}  // namespace
}  // namespace faultline
