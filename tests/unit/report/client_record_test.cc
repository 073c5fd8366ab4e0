#include "controller/report/client_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "controller/report/run_words.h"
#include "controller/report/step_windows.h"
#include "tests/unit/report/client_samples.h"

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// "split london 30s-60s: 265 ok, 35 failed, 3s500ms without, first after 3s500ms, mean 4.00 ms".
std::vector<std::string> StagesOf(const v1::Clients& clients) {
  std::vector<std::string> texts;
  for (const v1::ClientStage& stage : clients.stages()) {
    texts.push_back(absl::StrCat(stage.stage(), " ", stage.side(), " ", LengthText(Decoded(stage.start())), " to ",
                                 LengthText(Decoded(stage.end())), ": ", stage.acknowledged(), " ok, ", stage.failed(),
                                 " failed, ", LengthText(Decoded(stage.longest_silence())), " without, first after ",
                                 stage.has_first_acknowledged() ? LengthText(Decoded(stage.first_acknowledged())) : "-",
                                 ", mean ",
                                 stage.has_mean_time() ? MillisecondsText(Decoded(stage.mean_time())) : "-"));
  }
  return texts;
}

v1::Clients ClientsOf(const OperationLog& log, v1::Run run) {
  AddClients(log, run);
  return run.clients();
}

TEST(ClientRecordTest, TellsEachStageOfEachSide) {
  EXPECT_THAT(
      StagesOf(ClientsOf(SampleOperations(), FullRun())),
      ElementsAre("baseline london -2s to 10s: 120 ok, 0 failed, 100ms without, first after 0s, mean 4.00 ms",
                  "baseline paris -2s to 10s: 120 ok, 0 failed, 100ms without, first after 0s, mean 4.00 ms",
                  "one-way london 10s to 30s: 20 ok, 180 failed, 18s100ms without, first after 0s, mean 4.00 ms",
                  "one-way paris 10s to 30s: 200 ok, 0 failed, 100ms without, first after 0s, mean 4.00 ms",
                  "split london 30s to 1m: 265 ok, 35 failed, 3s500ms without, first after 3s500ms, mean 4.00 ms",
                  "split paris 30s to 1m: 300 ok, 0 failed, 100ms without, first after 0s, mean 4.00 ms",
                  "healed london 1m to 1m4s910ms: 50 ok, 0 failed, 100ms without, first after 0s, mean 4.00 ms",
                  "healed paris 1m to 1m4s910ms: 50 ok, 0 failed, 100ms without, first after 0s, mean 4.00 ms"));
}

TEST(ClientRecordTest, TellsPointsOfASecondEach) {
  const v1::Clients clients = ClientsOf(SampleOperations(), FullRun());
  EXPECT_EQ(LengthText(Decoded(clients.start())), "-2s");
  EXPECT_EQ(LengthText(Decoded(clients.step())), "1s");
  ASSERT_EQ(clients.sides_size(), 2);
  const v1::ClientSide& london = clients.sides(0);
  EXPECT_EQ(london.acknowledged(), 455u);
  EXPECT_EQ(london.failed(), 215u);
  ASSERT_EQ(london.acknowledged_points_size(), 67);
  ASSERT_EQ(london.failed_points_size(), 67);
  EXPECT_EQ(london.acknowledged_points(13), 10u);
  EXPECT_EQ(london.acknowledged_points(14), 0u);
  EXPECT_EQ(london.failed_points(14), 10u);
  EXPECT_EQ(london.acknowledged_points(35), 5u);
  EXPECT_EQ(london.failed_points(35), 5u);
  EXPECT_EQ(LengthText(Decoded(clients.healed())), "1m350us");
  EXPECT_EQ(LengthText(Decoded(london.first_after_heal())), "99ms650us");
}

TEST(ClientRecordTest, TellsHappeningsInOrderAndAccountings) {
  const v1::Clients clients = ClientsOf(SampleOperations(), FullRun());
  ASSERT_EQ(clients.happenings_size(), 2);
  EXPECT_EQ(clients.happenings(0).text(), "leader lost");
  EXPECT_EQ(LengthText(Decoded(clients.happenings(1).at())), "33s400ms");
  ASSERT_EQ(clients.accountings_size(), 2);
  EXPECT_EQ(clients.accountings(1).lost(), 1u);
}

TEST(ClientRecordTest, ARunThatWasEndedEarlyHasAStageFromThenOn) {
  v1::Run run = FullRun();
  for (v1::NodeRun& node : *run.mutable_nodes()) node.clear_transitions();
  *run.mutable_ended_early() = EncodeDuration(milliseconds(20'000));
  const v1::Clients clients = ClientsOf(SampleOperations(), run);
  const std::vector<std::string> stages = StagesOf(clients);
  ASSERT_THAT(stages, SizeIs(6));
  EXPECT_EQ(stages[2], "one-way london 10s to 20s: 20 ok, 80 failed, 8s100ms without, first after 0s, mean 4.00 ms");
  EXPECT_EQ(
      stages[4],
      "ended early london 20s to 1m4s910ms: 315 ok, 135 failed, 13s500ms without, first after 13s500ms, mean 4.00 ms");
  EXPECT_EQ(LengthText(Decoded(clients.healed())), "20s");
  EXPECT_EQ(LengthText(Decoded(clients.sides(0).first_after_heal())), "13s500ms");
  // Before any fault there is nothing to heal.
  *run.mutable_ended_early() = EncodeDuration(seconds(5));
  EXPECT_FALSE(ClientsOf(SampleOperations(), run).has_healed());
}

TEST(ClientRecordTest, ASideThatNeverSucceedsSaysSo) {
  OperationLog log(SampleT0());
  for (int second = 0; second < 63; ++second) {
    ASSERT_TRUE(log.Add(ClientOperation{.time = SampleT0() + seconds(second), .side = "a", .took = {}}).ok());
  }
  const v1::Clients clients = ClientsOf(log, FullRun());
  EXPECT_FALSE(clients.sides(0).has_first_after_heal());
  EXPECT_EQ(StagesOf(clients)[2], "split a 30s to 1m: 0 ok, 30 failed, 30s without, first after -, mean -");
}

// One clock that is an hour ahead, or a client that began long before.
TEST(ClientRecordTest, WhatIsFarFromTheRunStretchesNothing) {
  OperationLog log = SampleOperations();
  for (const Duration at : {Duration(hours(1)), Duration(-seconds(40))}) {
    ASSERT_TRUE(
        log.Add(ClientOperation{.time = SampleT0() + at, .side = "paris", .acknowledged = true, .took = {}}).ok());
  }
  v1::Run run = FullRun();
  run.clear_warnings();
  AddClients(log, run);
  const std::vector<std::string> stages = StagesOf(run.clients());
  ASSERT_THAT(stages, SizeIs(8));
  EXPECT_EQ(stages[0], "baseline london -30s to 10s: 120 ok, 0 failed, 28s without, first after 28s, mean 4.00 ms");
  EXPECT_THAT(stages[6], ::testing::StartsWith("healed london 1m to 2m3s: 50 ok"));
  EXPECT_EQ(LengthText(Decoded(run.clients().from())), "-30s");
  EXPECT_EQ(run.clients().sides(0).acknowledged_points_size(), 153);
  EXPECT_EQ(run.clients().sides(1).acknowledged(), 672u);
  EXPECT_LT(ExtentOf(run).end, seconds(130));
  EXPECT_THAT(run.warnings(),
              ElementsAre("of what clients saw, 2 of 1 342 operations are more than 30s before T0 or 1m after the run: "
                          "curves and stages are without them"));
}

// What an early end asks for takes as long as the last node takes.
TEST(ClientRecordTest, AFaultIsOverWhenItsLastNodeTellsSo) {
  v1::Run run = FullRun();
  *run.mutable_ended_early() = EncodeDuration(seconds(20));
  v1::NodeRun& node = *run.mutable_nodes(0);
  node.clear_transitions();
  AddTransition(node, 0, v1::TRANSITION_FIRED, seconds(10), Duration(0));
  AddTransition(node, 0, v1::TRANSITION_HEALED, seconds(20), milliseconds(3'990));
  for (int i = 1; i < run.nodes_size(); ++i) run.mutable_nodes(i)->clear_transitions();
  const v1::Clients clients = ClientsOf(SampleOperations(), run);
  EXPECT_EQ(LengthText(Decoded(clients.healed())), "23s990ms");
  EXPECT_EQ(LengthText(Decoded(clients.sides(1).first_after_heal())), "10ms");
}

TEST(ClientRecordTest, IsBoundedWhateverIsTold) {
  OperationLog log(SampleT0());
  for (int side = 0; side < 32; ++side) {
    for (int hour = -160; hour < 160; ++hour) {
      ASSERT_TRUE(
          log.Add(ClientOperation{
                      .time = SampleT0() + hours(hour), .side = absl::StrCat(side), .acknowledged = true, .took = {}})
              .ok());
    }
  }
  v1::Run run = FullRun();
  run.clear_schedule();
  for (int i = 0; i < 1000; ++i) {
    v1::StageSchedule& stage = *run.add_schedule();
    stage.set_name(absl::StrCat("stage ", i));
    *stage.mutable_start() = EncodeDuration(Duration(hours(i)) / 10);
    *stage.mutable_end() = EncodeDuration(Duration(hours(i + 1)) / 10);
  }
  const int warnings = run.warnings_size();
  AddClients(log, run);
  EXPECT_LE(run.clients().stages_size(), kMostClientStages);
  EXPECT_GT(run.clients().stages_size(), kMostClientStages - 32);
  EXPECT_LE(run.clients().sides(0).acknowledged_points_size(), kMostClientPoints);
  // Of what is far away, and of stages.
  EXPECT_EQ(run.warnings_size(), warnings + 2);
  EXPECT_LT(run.clients().ByteSizeLong(), 1'000'000u);
}

TEST(ClientRecordTest, WarnsOnceOfEachObservation) {
  v1::Run run = FullRun();
  run.clear_warnings();
  run.clear_captures();
  for (int i = 0; i < 2; ++i) {
    v1::Capture& capture = *run.add_captures();
    capture.set_name("writes");
    capture.set_moment("at the end");
    capture.mutable_operations()->set_operations(1998);
    capture.mutable_operations()->set_bad(2);
    capture.mutable_operations()->set_first_bad("line 17: 'ok' must be true or false");
  }
  WarnOfBadLines(run);
  EXPECT_THAT(run.warnings(), ElementsAre("observation writes, at the end: 2 of 2 000 lines were not taken; line 17: "
                                          "'ok' must be true or false"));
  run.clear_warnings();
  run.mutable_captures(0)->mutable_operations()->set_bad(0);
  run.mutable_captures(1)->clear_operations();
  WarnOfBadLines(run);
  EXPECT_THAT(run.warnings(), IsEmpty());
}

}  // namespace
}  // namespace faultline
