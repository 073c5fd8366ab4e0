#include "controller/report/probe_totals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;

v1::Observation Window(const std::string& peer, std::uint32_t sent, std::uint32_t received,
                       std::optional<Duration> delays = std::nullopt) {
  v1::Observation observation;
  v1::ProbeWindow& window = *observation.add_windows();
  window.set_peer(peer);
  window.set_sent(sent);
  window.set_received(received);
  if (delays) *window.mutable_sum_delay() = EncodeDuration(*delays);
  return observation;
}

class ProbeTotalsTest : public ::testing::Test {
 protected:
  void Add(const std::string& reporter, const v1::Observation& observation) {
    totals_.Add(NodeName(reporter), observation, regions_);
  }
  ProbeTotals::Total Total(const std::string& from, const std::string& to) {
    const auto all = totals_.Read();
    const auto found = all.find({.from = from, .to = to});
    return found == all.end() ? ProbeTotals::Total() : found->second;
  }

  ProbeTotals totals_;
  NodeRegions regions_ = {{NodeName("lon-1"), "london"}, {NodeName("lon-2"), "london"}, {NodeName("par-1"), "paris"}};
};

TEST_F(ProbeTotalsTest, WhatOneSentAndTheOtherReceivedIsOfOneDirection) {
  Add("lon-1", Window("par-1", 10, 0));
  Add("lon-2", Window("par-1", 5, 0));
  Add("par-1", Window("lon-1", 0, 8, milliseconds(80)));
  const ProbeTotals::Total expected = {.sent = 15, .received = 8, .timed = 8, .sum_delay = milliseconds(80)};
  EXPECT_EQ(Total("london", "paris"), expected);
  EXPECT_EQ(Total("paris", "london"), ProbeTotals::Total());
}

TEST_F(ProbeTotalsTest, NodesWithoutARegionAreOfNone) {
  regions_[NodeName("par-1")] = "";
  Add("lon-1", Window("par-1", 1, 0));
  Add("lon-1", Window("stranger", 2, 0));
  EXPECT_EQ(Total("london", ProbeTotals::kNone).sent, 3u);
}

TEST_F(ProbeTotalsTest, TheSumOfDelaysNeverFalls) {
  Add("par-1", Window("lon-1", 0, 2, milliseconds(3)));
  Add("par-1", Window("lon-1", 0, 2, -milliseconds(50)));
  Add("par-1", Window("lon-1", 0, 4));
  const ProbeTotals::Total expected = {.sent = 0, .received = 8, .timed = 4, .sum_delay = milliseconds(3)};
  EXPECT_EQ(Total("london", "paris"), expected);
}

TEST_F(ProbeTotalsTest, PairsBeyondTheMostAreSummedUp) {
  for (std::size_t i = 0; i < ProbeTotals::kMostPairs + 50; ++i) {
    regions_[NodeName(absl::StrCat("n", i))] = absl::StrCat("region-", i);
    Add("lon-1", Window(absl::StrCat("n", i), 1, 0));
  }
  // A pair that was there before goes on by itself.
  Add("lon-1", Window("n0", 1, 0));
  EXPECT_EQ(totals_.Read().size(), ProbeTotals::kMostPairs + 1);
  EXPECT_EQ(Total(ProbeTotals::kOther, ProbeTotals::kOther).sent, 50u);
  EXPECT_EQ(Total("london", "region-0").sent, 2u);
}

}  // namespace
}  // namespace faultline
