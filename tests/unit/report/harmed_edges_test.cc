#include "controller/report/harmed_edges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/report/stage_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Texts(const v1::StageVerdict& stage) {
  std::vector<std::string> texts;
  for (const HarmedEdge& edge : HarmedEdgesOf(stage)) {
    std::string text = absl::StrCat(edge.from, " ", edge.to);
    if (!edge.all_families) absl::StrAppend(&text, edge.families.front() == v1::FAMILY_IPV4 ? " IPv4" : " IPv6");
    absl::StrAppend(&text, " ", static_cast<int>(edge.harm), edge.wrong ? "!" : "");
    texts.push_back(text);
  }
  return texts;
}

TEST(HarmedEdgesTest, NoneWhereAllIsOpen) { EXPECT_THAT(HarmedEdgesOf(OpenStage(3)), IsEmpty()); }

TEST(HarmedEdgesTest, IpVersionsThatFareAlikeAreOne) {
  v1::StageVerdict stage = OneWayStage(1);
  EXPECT_THAT(Texts(stage), ElementsAre("lon-1 par-1 1"));
  SetObserved(stage, "lon-1", "par-1", v1::FAMILY_IPV6, v1::REACH_OPEN, 12);
  EXPECT_THAT(Texts(stage), ElementsAre("lon-1 par-1 IPv6 0!", "lon-1 par-1 IPv4 1"));
  EXPECT_EQ(CountDirections(stage), 2u);
}

TEST(HarmedEdgesTest, WorstFirst) {
  v1::StageVerdict stage = OpenStage(3);
  for (const v1::Family family : {v1::FAMILY_IPV4, v1::FAMILY_IPV6}) {
    SetObserved(stage, "lon-1", "lon-2", family, v1::REACH_UNSPECIFIED, 0);
    SetImpaired(stage, "lon-1", "lon-3", family, milliseconds(20), 0);
    SetImpaired(stage, "lon-2", "lon-1", family, milliseconds(80), 0);
    SetImpaired(stage, "lon-2", "lon-3", family, Duration(0), 0.3);
    SetObserved(stage, "par-1", "par-2", family, v1::REACH_CUT, 0);
    v1::EdgeVerdict& cut = EdgeOf(stage, "par-2", "par-1", family);
    cut.set_planned_reachable(false);
    SetObserved(stage, "par-2", "par-1", family, v1::REACH_CUT, 0);
  }
  EXPECT_THAT(Texts(stage), ElementsAre("par-1 par-2 1!", "par-2 par-1 1", "lon-2 lon-3 2", "lon-2 lon-1 3",
                                        "lon-1 lon-3 3", "lon-1 lon-2 4"));
}

// The few probes of the last seconds cannot tell how much an impairment takes, but that it takes some.
TEST(HarmedEdgesTest, WhatIsNotJudgedIsStillSeen) {
  v1::StageVerdict stage = OpenStage(1);
  for (const v1::Family family : {v1::FAMILY_IPV4, v1::FAMILY_IPV6}) {
    v1::EdgeVerdict& lossy = SetImpaired(stage, "lon-1", "par-1", family, Duration(0), 0.5);
    lossy.clear_share();
    SetImpaired(stage, "par-1", "lon-1", family, Duration(0), 0.04).clear_share();
  }
  EXPECT_THAT(Texts(stage), ElementsAre("lon-1 par-1 2", "par-1 lon-1 3"));
}

TEST(HarmedEdgesTest, ChanceDoesNotTurnTheOrder) {
  v1::StageVerdict stage = FarStage(1, milliseconds(80), 0.3);
  const auto observe = [&](const std::string& from, const std::string& to, int ms, std::uint32_t received) {
    for (const v1::Family family : {v1::FAMILY_IPV4, v1::FAMILY_IPV6}) {
      v1::EdgeVerdict& edge = EdgeOf(stage, from, to, family);
      *edge.mutable_observed_delay() = EncodeDuration(milliseconds(ms));
      edge.set_received(received);
    }
  };
  observe("lon-1", "par-1", 81, 70);
  observe("par-1", "lon-1", 84, 69);
  EXPECT_THAT(Texts(stage), ElementsAre("lon-1 par-1 2", "par-1 lon-1 2"));
  observe("par-1", "lon-1", 84, 50);
  EXPECT_THAT(Texts(stage), ElementsAre("par-1 lon-1 2", "lon-1 par-1 2"));
}

TEST(HarmedEdgesTest, FiguresAreOfAllIpVersions) {
  v1::StageVerdict stage = FarStage(1, milliseconds(80), 0.3);
  v1::EdgeVerdict& edge = EdgeOf(stage, "lon-1", "par-1", v1::FAMILY_IPV6);
  edge.set_received(50);
  *edge.mutable_observed_delay() = EncodeDuration(milliseconds(90));
  const HarmedEdge worst = HarmedEdgesOf(stage).front();
  EXPECT_THAT(worst.families, ElementsAre(v1::FAMILY_IPV4, v1::FAMILY_IPV6));
  EXPECT_DOUBLE_EQ(*worst.sight.lost, 0.4);
  EXPECT_EQ(worst.sight.delay, milliseconds(85));
  EXPECT_TRUE(worst.sight.added);
}

}  // namespace
}  // namespace faultline
