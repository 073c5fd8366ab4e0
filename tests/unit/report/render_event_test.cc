#include "controller/report/render_event.h"

#include <gtest/gtest.h>

#include "common/timeline_codec.h"

namespace faultline {
namespace {

v1::Event MakeEvent(v1::EventKind kind) {
  v1::Event event;
  event.mutable_time()->set_seconds(1'704'067'205);
  event.mutable_time()->set_nanos(42'000'000);
  event.set_kind(kind);
  event.set_node("par-1");
  event.set_run_id("split-brain-3");
  return event;
}

TEST(RenderEventTest, StepWithItsLateness) {
  v1::Event event = MakeEvent(v1::EVENT_KIND_STEP_FIRED);
  event.set_text("one-way");
  *event.mutable_lateness() = EncodeDuration(std::chrono::microseconds(214));
  EXPECT_EQ(RenderEvent(event, {}),
            "2024-01-01 00:00:05.042  step fired            par-1       split-brain-3     one-way, 0.21 ms late\n");
  event.clear_lateness();
  EXPECT_EQ(RenderEvent(event, {}),
            "2024-01-01 00:00:05.042  step fired            par-1       split-brain-3     one-way\n");
}

TEST(RenderEventTest, NodeEndWithItsCounters) {
  v1::Event event = MakeEvent(v1::EVENT_KIND_NODE_ENDED);
  event.set_text("completed");
  event.mutable_node_outcome()->add_counters()->set_packets(12'000);
  event.mutable_node_outcome()->add_counters()->set_packets(345);
  EXPECT_EQ(
      RenderEvent(event, {}),
      "2024-01-01 00:00:05.042  node ended            par-1       split-brain-3     completed, 12 345 packets met "
      "its rules\n");
}

TEST(RenderEventTest, RunEndWithItsOutcome) {
  v1::Event event = MakeEvent(v1::EVENT_KIND_RUN_ENDED);
  event.clear_node();
  event.set_outcome(v1::OUTCOME_NOT_VERIFIED);
  event.set_text("stage split: 2 edges");
  EXPECT_EQ(RenderEvent(event, {}),
            "2024-01-01 00:00:05.042  run ended                         split-brain-3     not verified: stage split: 2 "
            "edges\n");
}

TEST(RenderEventTest, WhatIsBadStandsOutAndIsTamed) {
  v1::Event event = MakeEvent(v1::EVENT_KIND_FOREIGN_CHANGE);
  event.set_text("table \x1b[2Jgone\nnow");
  const std::string text = RenderEvent(event, {.color = true});
  EXPECT_NE(text.find("\033["), std::string::npos);
  EXPECT_EQ(text.find("\x1b[2J"), std::string::npos);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST(RenderEventTest, KindOfANewerControllerIsStillShown) {
  v1::Event event;
  event.set_kind(static_cast<v1::EventKind>(99));
  event.set_text("news");
  EXPECT_NE(RenderEvent(event, {}).find("other"), std::string::npos);
}

}  // namespace
}  // namespace faultline
