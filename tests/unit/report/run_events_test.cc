#include "controller/report/run_events.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "controller/report/line_of.h"
#include "controller/report/run_words.h"
#include "tests/unit/report/full_run.h"
#include "tests/unit/report/logged_events.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> KindsOf(const v1::Run& run, const LoggedEvents& log = {}) {
  std::vector<std::string> kinds;
  for (const EventLine& line : EventsOf(run, log)) kinds.push_back(NameOf(line.kind));
  return kinds;
}

TEST(RunEventsTest, LinesAreInTheOrderOfTime) {
  v1::Run run = SampleRun();
  run.mutable_nodes()->DeleteSubrange(1, 1);
  run.mutable_stages()->DeleteSubrange(0, 1);
  *run.mutable_started() = run.created();
  run.mutable_started()->set_nanos(250'000'000);
  EXPECT_EQ("\n" + RenderEvents(run, {}), R"json(
{"time": "2024-01-01T00:00:00.000000000Z", "run": "split-brain-3", "kind": "run_accepted", "plan": "split-brain", "seed": "7"}
{"time": "2024-01-01T00:00:00.250000000Z", "run": "split-brain-3", "kind": "run_started", "at_s": 0, "nodes": 1}
{"time": "2024-01-01T00:00:10.250000000Z", "run": "split-brain-3", "kind": "stage_began", "at_s": 10, "stage": "one-way"}
{"time": "2024-01-01T00:00:10.250100000Z", "run": "split-brain-3", "kind": "step_fired", "at_s": 10.0001, "node": "lon-1", "step": "one-way", "planned_s": 10, "late_ms": 0.1, "kernel_ms": 0}
{"time": "2024-01-01T00:00:30.250000000Z", "run": "split-brain-3", "kind": "stage_ended", "at_s": 30, "stage": "one-way", "agrees": true, "edges": 4, "edges_off": 0}
{"time": "2024-01-01T00:00:30.250100000Z", "run": "split-brain-3", "kind": "step_fired", "at_s": 30.0001, "node": "lon-1", "step": "split", "planned_s": 30, "late_ms": 0.1, "kernel_ms": 0}
{"time": "2024-01-01T00:00:30.250170000Z", "run": "split-brain-3", "kind": "step_healed", "at_s": 30.00017, "node": "lon-1", "step": "one-way", "planned_s": 30, "late_ms": 0.17, "kernel_ms": 0}
{"time": "2024-01-01T00:01:00.250100000Z", "run": "split-brain-3", "kind": "step_healed", "at_s": 60.0001, "node": "lon-1", "step": "split", "planned_s": 60, "late_ms": 0.1, "kernel_ms": 0}
{"time": "2024-01-01T00:01:03.250001000Z", "run": "split-brain-3", "kind": "node_ended", "at_s": 63.000001, "node": "lon-1", "end": "completed", "detail": "", "packets": 0}
{"time": "2024-01-01T00:01:06.000000000Z", "run": "split-brain-3", "kind": "run_ended", "outcome": "verified", "summary": "every observation equalled the plan: 2 stages, 8 edges"}
)json");
}

TEST(RunEventsTest, EveryLineIsAnObjectWhateverOthersWrote) {
  const std::string hostile("\"},\n{\"\\\x00\x1b\xff\xe2\x80\xa8</script>", 22);
  v1::Run run = FullRun();
  run.mutable_captures(0)->set_output(hostile);
  run.mutable_guard_checks(1)->set_detail("\"},\n{\"");
  const std::vector<std::string> lines = absl::StrSplit(RenderEvents(run, {}), '\n', absl::SkipEmpty());
  EXPECT_EQ(lines.size(), EventsOf(run, {}).size());
  int captured = 0;
  for (const std::string& line : lines) {
    google::protobuf::Struct object;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &object).ok()) << line;
    std::string again;
    EXPECT_TRUE(google::protobuf::util::MessageToJsonString(object, &again).ok());
    EXPECT_THAT(again, AllOf(HasSubstr("\"kind\":\""), HasSubstr("\"run\":\"split-brain-3\"")));
    // The library escapes brackets.
    captured += absl::StrContains(again, "\"kind\":\"captured\"") && absl::StrContains(again, "\\u003c/script\\u003e");
  }
  EXPECT_EQ(captured, 1);
}

TEST(RunEventsTest, WhatOnlyTheLogTellsStandsInItsPlace) {
  LoggedEvents log;
  *log.Add() = LoggedEvent(v1::EVENT_KIND_NODE_LOST);
  v1::Event& armed = *log.Add() = LoggedEvent(v1::EVENT_KIND_RUN_ARMED);
  armed.mutable_time()->set_seconds(1704067201);
  const std::vector<std::string> kinds = KindsOf(SampleRun(), log);
  EXPECT_THAT(std::vector(kinds.begin(), kinds.begin() + 4),
              ElementsAre("run_accepted", "run_armed", "run_started", "node_lost"));
  EXPECT_EQ(kinds.size(), KindsOf(SampleRun()).size() + 2);
  EXPECT_THAT(RenderEvents(SampleRun(), log), Not(HasSubstr("number")));
}

TEST(RunEventsTest, TheRecordTellsAsTheLogDoes) {
  v1::Run run = SampleRun();
  v1::NodeRun& part = *run.mutable_nodes(1);
  *part.add_foreign_changes() = LoggedEvent(v1::EVENT_KIND_FOREIGN_CHANGE).foreign_change();
  *part.mutable_transitions(0) = LoggedEvent(v1::EVENT_KIND_STEP_FIRED).transition();
  *part.mutable_outcome() = LoggedEvent(v1::EVENT_KIND_LEASE_LOST).node_outcome();
  run.set_outcome(v1::OUTCOME_NOT_VERIFIED);
  run.set_summary("stage split: 2 edges");
  const std::string lines = RenderEvents(run, {});
  for (const v1::EventKind kind : {v1::EVENT_KIND_FOREIGN_CHANGE, v1::EVENT_KIND_STEP_FIRED, v1::EVENT_KIND_LEASE_LOST,
                                   v1::EVENT_KIND_RUN_ENDED}) {
    EventLine line = LineOf(LoggedEvent(kind));
    line.number.reset();
    line.time = kind == v1::EVENT_KIND_RUN_ENDED ? run.ended() : *WallAt(run, *line.at);
    EXPECT_THAT(lines, HasSubstr(RenderLine(line)));
  }
}

TEST(RunEventsTest, AStepThatWasEndedEarlyIsLateFromThereOn) {
  v1::Run run = SampleRun();
  *run.mutable_nodes(0)->mutable_transitions(3)->mutable_actual() = EncodeDuration(std::chrono::milliseconds(40'002));
  run.mutable_nodes(0)->mutable_outcome()->set_end(v1::NODE_END_RELEASED);
  const std::string start =
      R"("kind": "step_healed", "at_s": 40.002, "node": "lon-1", "step": "split", "planned_s": 60)";
  EXPECT_THAT(RenderEvents(run, {}), HasSubstr(start + R"(, "kernel_ms": 0})"));
  *run.mutable_ended_early() = EncodeDuration(std::chrono::seconds(40));
  EXPECT_THAT(RenderEvents(run, {}), HasSubstr(start + R"(, "late_ms": 2, "kernel_ms": 0})"));
}

TEST(RunEventsTest, ARefusedRunIsInTheOrderInWhichItCameToThat) {
  v1::Run run;
  run.set_id("split-brain-4");
  run.set_state(v1::RUN_STATE_ENDED);
  run.mutable_created()->set_seconds(1704067200);
  run.mutable_ended()->set_seconds(1704067210);
  run.add_guard_checks()->set_name("db");
  run.add_captures()->set_name("before");
  run.add_nodes()->mutable_outcome()->set_end(v1::NODE_END_FAILED);
  LoggedEvents log;
  *log.Add() = LoggedEvent(v1::EVENT_KIND_NODE_LOST);
  v1::Event& waiting = *log.Add() = LoggedEvent(v1::EVENT_KIND_RUN_WAITING);
  waiting.mutable_time()->set_seconds(1704067203);
  EXPECT_THAT(KindsOf(run, log), ElementsAre("run_accepted", "run_waiting", "guard_checked", "captured", "node_lost",
                                             "node_ended", "run_ended"));
}

TEST(RunEventsTest, ARunThatWasNeverFiredHasNoMomentsBetween) {
  v1::Run run;
  run.set_id("split-brain-4");
  run.set_state(v1::RUN_STATE_ENDED);
  run.set_outcome(v1::OUTCOME_REFUSED);
  run.set_summary("guard 'db' failed");
  run.mutable_created()->set_seconds(1704067200);
  run.mutable_ended()->set_seconds(1704067201);
  run.add_guard_checks()->set_name("db");
  EXPECT_THAT(KindsOf(run), ElementsAre("run_accepted", "guard_checked", "run_ended"));
  const std::vector<EventLine> events = EventsOf(run, {});
  EXPECT_FALSE(events[1].time.has_value());
  EXPECT_TRUE(events[1].bad);
  EXPECT_EQ(events[2].text, "refused: guard 'db' failed");
}

TEST(RunEventsTest, ANodeThatNeverToldStandsAtTheEnd) {
  v1::Run run = SampleRun();
  run.mutable_nodes(0)->mutable_outcome()->clear_at();
  run.mutable_nodes(0)->mutable_outcome()->set_end(v1::NODE_END_VANISHED);
  const std::vector<EventLine> events = EventsOf(run, {});
  EXPECT_EQ(events[events.size() - 2].text, "lon-1: vanished");
  EXPECT_TRUE(events[events.size() - 2].bad);
}

TEST(RunEventsTest, MalformedPartsAreLeftOut) {
  v1::Run run = SampleRun();
  const std::size_t all = EventsOf(run, {}).size();
  run.mutable_nodes(0)->mutable_transitions(0)->set_step(99);
  run.mutable_nodes(0)->mutable_transitions(1)->mutable_actual()->set_nanos(2'000'000'000);
  EXPECT_EQ(EventsOf(run, {}).size(), all - 2);
}

}  // namespace
}  // namespace faultline
