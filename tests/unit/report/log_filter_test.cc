#include "controller/report/log_filter.h"

#include <gtest/gtest.h>

#include "tests/unit/report/logged_events.h"
#include "tests/unit/report/run_samples.h"

namespace faultline {
namespace {

// From 1704067200 to 1704067266, on lon-1 and par-1.
class LogFilterTest : public ::testing::Test {
 protected:
  bool Takes(const v1::Event& event) const { return LogFilter(run_).Takes(event); }
  bool TakesLostAt(std::int64_t second, const std::string& node = "par-1") const {
    v1::Event event = LoggedEvent(v1::EVENT_KIND_NODE_LOST);
    event.mutable_time()->set_seconds(second);
    event.set_node(node);
    return Takes(event);
  }

  v1::Run run_ = SampleRun();
};

TEST_F(LogFilterTest, OfTheRunWhatItsRecordDoesNotTell) {
  EXPECT_TRUE(Takes(LoggedEvent(v1::EVENT_KIND_RUN_ARMED)));
  EXPECT_TRUE(Takes(LoggedEvent(v1::EVENT_KIND_RUN_FIRED)));
  for (const v1::EventKind told :
       {v1::EVENT_KIND_STEP_FIRED, v1::EVENT_KIND_STEP_HEALED, v1::EVENT_KIND_NODE_ENDED, v1::EVENT_KIND_LEASE_LOST,
        v1::EVENT_KIND_RUN_ENDED, v1::EVENT_KIND_GUARD_FAILED, v1::EVENT_KIND_FOREIGN_CHANGE}) {
    EXPECT_FALSE(Takes(LoggedEvent(told))) << v1::EventKind_Name(told);
  }
  v1::Event other = LoggedEvent(v1::EVENT_KIND_RUN_ARMED);
  other.set_run_id("split-brain-4");
  EXPECT_FALSE(Takes(other));
}

TEST_F(LogFilterTest, OfItsNodesWhatHappenedMeanwhile) {
  EXPECT_FALSE(TakesLostAt(1704067199));
  EXPECT_TRUE(TakesLostAt(1704067200));
  EXPECT_TRUE(TakesLostAt(1704067266));
  EXPECT_FALSE(TakesLostAt(1704067267));
  EXPECT_FALSE(TakesLostAt(1704067230, "rom-1"));
  EXPECT_TRUE(Takes(LoggedEvent(v1::EVENT_KIND_OBSERVATIONS_DROPPED)));
}

TEST_F(LogFilterTest, ANodeThatWasOnlyProbedIsOneOfItsNodes) {
  run_.mutable_stages(0)->mutable_edges(0)->set_to("rom-1");
  EXPECT_TRUE(TakesLostAt(1704067230, "rom-1"));
  run_.mutable_stages(0)->mutable_edges(0)->set_from("ber-1");
  EXPECT_TRUE(TakesLostAt(1704067230, "ber-1"));
}

TEST_F(LogFilterTest, WhatHappenedWhileItWaitedForItsMomentIsNotOfIt) {
  run_.mutable_due()->set_seconds(1704067220);
  EXPECT_FALSE(TakesLostAt(1704067219));
  EXPECT_TRUE(TakesLostAt(1704067220));
}

TEST_F(LogFilterTest, ARunThatIsNotOverHasAllUpToNow) {
  run_.clear_ended();
  EXPECT_TRUE(TakesLostAt(1704069999));
}

}  // namespace
}  // namespace faultline
