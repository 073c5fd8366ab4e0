#include "controller/report/render_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/report/run_samples.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(RenderRunTest, Verified) {
  EXPECT_EQ("\n" + RenderRun(SampleRun(), {}), R"(
split-brain-3: verified
every observation equalled the plan: 2 stages, 8 edges
  plan      split-brain, seed 7
  accepted  2024-01-01 00:00:00 UTC
  started   2024-01-01 00:00:02 UTC
  ended     2024-01-01 00:01:06 UTC
  length    1m3s

STEP     AT   FOR  FIRED LATE  HEALED LATE  SKEW     PACKETS
one-way  10s  20s  0.35 ms     0.42 ms      0.25 ms  180
split    30s  30s  0.35 ms     0.35 ms      0.25 ms  180
Lateness and skew are the greatest of all nodes, whose clocks are known to ±0.12 ms.

STAGE     FROM  TO   EDGES  OBSERVED
baseline  10s   30s  4      as planned
one-way   10s   30s  4      as planned

NODE   END        AT    CLOCK     RESIDUE  DETAIL
lon-1  completed  1m3s  ±0.08 ms  -
par-1  completed  1m3s  ±0.12 ms  -
)");
}

TEST(RenderRunTest, NotVerified) {
  v1::Run run = SampleRun();
  run.set_outcome(v1::OUTCOME_NOT_VERIFIED);
  for (v1::NodeRun& node : *run.mutable_nodes()) node.mutable_outcome()->mutable_counters(1)->set_packets(0);
  SetObserved(*run.mutable_stages(1), "lon-1", "par-1", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  run.set_summary(Summarize(run.stages()));
  run.add_warnings("10.0.0.0/8 has no agent");
  run.mutable_nodes(1)->mutable_outcome()->set_end(v1::NODE_END_FAILED);
  run.mutable_nodes(1)->mutable_outcome()->set_detail("add rule: no\nbuffer\x1b[2J");
  for (const char* stage : {"baseline", "one-way", "split"}) run.add_schedule()->set_name(stage);
  *run.mutable_schedule(2)->mutable_start() = EncodeDuration(std::chrono::seconds(30));
  *run.mutable_schedule(2)->mutable_end() = EncodeDuration(std::chrono::seconds(60));

  EXPECT_EQ("\n" + RenderRun(run, {.utf8 = false}), R"(
split-brain-3: NOT verified
one-way: lon-1 -> par-1 (IPv4) was planned cut but 12 of 12 probes arrived
  plan      split-brain, seed 7
  accepted  2024-01-01 00:00:00 UTC
  started   2024-01-01 00:00:02 UTC
  ended     2024-01-01 00:01:06 UTC
  length    1m3s

STEP     AT   FOR  FIRED LATE  HEALED LATE  SKEW     PACKETS
one-way  10s  20s  0.35 ms     0.42 ms      0.25 ms  180
split    30s  30s  0.35 ms     0.35 ms      0.25 ms  0
step split matched nothing: no packet met its rules on any node
Lateness and skew are the greatest of all nodes, whose clocks are known to +-0.12 ms.

STAGE     FROM  TO   EDGES  OBSERVED
baseline  10s   30s  4      as planned
one-way   10s   30s  4      NOT as planned: 1
split     30s   1m   -      never

NODE   END        AT    CLOCK      RESIDUE  DETAIL
lon-1  completed  1m3s  +-0.08 ms  -
par-1  FAILED     1m3s  +-0.12 ms  -        add rule: no?buffer?[2J

warning: 10.0.0.0/8 has no agent

one-way  10s to 30s  NOT as planned: 1 of 4 edges
           planned        observed
from \ to  lon-1 par-1    lon-1 par-1
lon-1      -     x        -     4!
par-1      .     -        .     -
. arrives   x cut   4 only IPv4 arrives   ! not as planned
)");
}

TEST(RenderRunTest, SaysWhatStepsDoAndWhatCameOfIt) {
  v1::Run run = SampleRun();
  run.add_step_effects("drop");
  run.add_step_effects("delay 80ms ± 10ms, lose 1%\n");
  for (v1::NodeRun& node : *run.mutable_nodes()) {
    node.mutable_outcome()->mutable_counters(1)->set_passed(12'000);
    node.mutable_outcome()->mutable_counters(1)->set_lost(123);
  }
  const std::string text = RenderRun(run, {});
  EXPECT_THAT(text, HasSubstr("split    30s  30s  0.35 ms     0.35 ms      0.25 ms  180\n"
                              "split: delay 80ms ± 10ms, lose 1%?: 24 000 passed, 246 lost, 0 overflowed\n"));
  EXPECT_THAT(text, Not(HasSubstr("one-way: drop")));
  run.mutable_nodes(0)->mutable_outcome()->mutable_counters(1)->set_overflowed(3);
  EXPECT_THAT(RenderRun(run, {.color = true}), HasSubstr("\x1b[1;31m3 overflowed\x1b[0m"));
  run.set_step_effects(0, "reject tcp to port 3000");
  EXPECT_THAT(RenderRun(run, {}), HasSubstr("\none-way: reject tcp to port 3000\n"));
}

TEST(RenderRunTest, ARunThatWasEndedEarlySaysFromWhereItsHealsCount) {
  v1::Run run = SampleRun();
  for (v1::NodeRun& node : *run.mutable_nodes()) {
    *node.mutable_transitions(3)->mutable_actual() = EncodeDuration(std::chrono::milliseconds(41'004));
    node.mutable_outcome()->set_end(v1::NODE_END_RELEASED);
  }
  EXPECT_THAT(RenderRun(run, {}), AllOf(HasSubstr("split    30s  30s  0.35 ms     -            0.25 ms  180\n"),
                                        Not(HasSubstr("counts from"))));
  *run.mutable_ended_early() = EncodeDuration(std::chrono::seconds(41));
  EXPECT_THAT(RenderRun(run, {}),
              AllOf(HasSubstr("split    30s  30s  0.35 ms     4.00 ms      0.25 ms  180\n"),
                    HasSubstr("The run was ended at 41s: of steps that were to end later, HEALED LATE counts")));
}

TEST(RenderRunTest, AStageThatNoProbeSeesIsSaidToBeSo) {
  v1::Run run = SampleRun();
  run.mutable_stages(0)->set_unseen(true);
  run.mutable_stages(0)->set_matched(180);
  EXPECT_THAT(RenderRun(run, {}),
              HasSubstr("baseline  10s   30s  4      as planned: 180 packets met what no probe sees\n"));
  run.mutable_stages(0)->set_matched(0);
  run.mutable_stages(0)->set_agrees(false);
  EXPECT_THAT(RenderRun(run, {}), HasSubstr("baseline  10s   30s  4      NOT as planned: no packet met its faults\n"));
}

TEST(RenderRunTest, Arming) {
  v1::Run run;
  run.set_id("split-brain-4");
  run.set_plan_name("split-brain");
  run.set_state(v1::RUN_STATE_ARMING);
  run.add_step_names("split");
  run.add_schedule()->set_name("baseline");
  run.add_nodes()->set_node("lon-1");
  EXPECT_EQ("\n" + RenderRun(run, {}), R"(
split-brain-4: arming
  plan     split-brain
  started  never

STEP   AT  FOR  FIRED LATE  HEALED LATE  SKEW  PACKETS
split  -   -    -           -            -     -

STAGE     FROM  TO  EDGES  OBSERVED
baseline  0s    0s  -      not yet

NODE   END          AT  CLOCK  RESIDUE  DETAIL
lon-1  in progress  -   -      -
)");
}

TEST(RenderRunTest, EveryOutcomeHasAWord) {
  v1::Run run = SampleRun();
  for (const auto& [outcome, word] : std::map<v1::Outcome, std::string>{{v1::OUTCOME_VERIFIED, "verified"},
                                                                        {v1::OUTCOME_NOT_VERIFIED, "NOT verified"},
                                                                        {v1::OUTCOME_REFUSED, "refused"},
                                                                        {v1::OUTCOME_ABORTED, "aborted"},
                                                                        {v1::OUTCOME_INTERRUPTED, "interrupted"}}) {
    run.set_outcome(outcome);
    EXPECT_THAT(RenderRun(run, {}), HasSubstr("split-brain-3: " + word + "\n"));
  }
}

TEST(RenderRunTest, AStepWithoutRulesAnywhereIsNotSaidToHaveMatchedNothing) {
  v1::Run run = SampleRun();
  for (v1::NodeRun& node : *run.mutable_nodes()) node.mutable_outcome()->clear_counters();
  EXPECT_THAT(RenderRun(run, {}), Not(HasSubstr("matched nothing")));
}

TEST(RenderRunTest, ColourMarksWhatIsBad) {
  v1::Run run = SampleRun();
  EXPECT_THAT(RenderRun(run, {.color = true}), HasSubstr("split-brain-3: \x1b[32mverified\x1b[0m"));
  run.set_outcome(v1::OUTCOME_NOT_VERIFIED);
  run.mutable_nodes(0)->mutable_outcome()->set_end(v1::NODE_END_LEASE_LOST);
  EXPECT_THAT(RenderRun(run, {.color = true}), HasSubstr("\x1b[1;31mNOT verified\x1b[0m"));
  EXPECT_THAT(RenderRun(run, {.color = true}), HasSubstr("\x1b[1;31mlease lost\x1b[0m"));
}

}  // namespace
}  // namespace faultline
