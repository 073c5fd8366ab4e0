#include "controller/report/lateness.h"

#include <gtest/gtest.h>

#include "tests/unit/report/run_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A step that is to act from 10 s to 30 s, on one node.
class LatenessTest : public ::testing::Test {
 protected:
  std::optional<Duration> Of(v1::Transition kind, Duration planned, Duration actual) {
    v1::NodeRun part = part_;
    AddTransition(part, 0, kind, planned, actual - planned);
    return LatenessOf(run_, part, part.transitions(0));
  }
  std::optional<Duration> OfHeal(Duration actual) { return Of(v1::TRANSITION_HEALED, seconds(30), actual); }
  void EndEarly(Duration at) { *run_.mutable_ended_early() = EncodeDuration(at); }

  v1::Run run_;
  v1::NodeRun part_;
};

TEST_F(LatenessTest, CountsFromThePlannedMoment) {
  EXPECT_EQ(Of(v1::TRANSITION_FIRED, seconds(10), milliseconds(10'002)), milliseconds(2));
  EXPECT_EQ(OfHeal(milliseconds(30'003)), milliseconds(3));
  EXPECT_EQ(OfHeal(seconds(30)), Duration(0));
}

TEST_F(LatenessTest, CountsFromWhatEndedItEarly) {
  EndEarly(seconds(20));
  EXPECT_EQ(OfHeal(milliseconds(20'004)), milliseconds(4));
  part_.mutable_outcome()->set_end(v1::NODE_END_RELEASED);
  EXPECT_EQ(OfHeal(milliseconds(20'004)), milliseconds(4));
}

TEST_F(LatenessTest, WhatCameToItsEndBeforeThatCountsAsPlanned) {
  EndEarly(seconds(40));
  EXPECT_EQ(OfHeal(milliseconds(30'003)), milliseconds(3));
  // Out of reach of the controller, which ended it: the node kept to the plan.
  EndEarly(seconds(20));
  EXPECT_EQ(OfHeal(milliseconds(30'003)), milliseconds(3));
}

TEST_F(LatenessTest, IsNotKnownWhenNobodyKnowsWhatEndedIt) {
  EXPECT_EQ(OfHeal(seconds(20)), std::nullopt);
  for (const v1::NodeEnd end :
       {v1::NODE_END_LEASE_LOST, v1::NODE_END_SHUTDOWN, v1::NODE_END_LOCAL_HEAL, v1::NODE_END_FAILED}) {
    part_.mutable_outcome()->set_end(end);
    EndEarly(seconds(15));
    EXPECT_EQ(OfHeal(seconds(20)), std::nullopt) << v1::NodeEnd_Name(end);
  }
}

TEST_F(LatenessTest, IsNeverNegative) {
  EndEarly(seconds(20));
  EXPECT_EQ(OfHeal(milliseconds(19'999)), std::nullopt);
  EXPECT_EQ(Of(v1::TRANSITION_FIRED, seconds(10), milliseconds(9'999)), std::nullopt);
  EXPECT_EQ(Of(v1::TRANSITION_FIRED, seconds(30), milliseconds(20'001)), std::nullopt) << "only heals can be early";
}

TEST_F(LatenessTest, MalformedPartsAreNotKnown) {
  run_.mutable_ended_early()->set_nanos(2'000'000'000);
  EXPECT_EQ(OfHeal(seconds(20)), std::nullopt);
  AddTransition(part_, 0, v1::TRANSITION_HEALED, seconds(30), seconds(1));
  part_.mutable_transitions(0)->mutable_planned()->set_nanos(2'000'000'000);
  EXPECT_EQ(LatenessOf(run_, part_, part_.transitions(0)), std::nullopt);
}

}  // namespace
}  // namespace faultline
