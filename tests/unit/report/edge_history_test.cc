#include "controller/report/edge_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/report/sparkline.h"
#include "tests/unit/report/stage_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const EdgeKey kSeenEdge = {"lon-1", "par-1", v1::FAMILY_IPV4};

MonotonicTime At(int second) { return MonotonicTime(seconds(1'000'000 + second)); }

v1::StageVerdict Losing(std::uint32_t received, std::uint32_t sent = 10) {
  v1::StageVerdict stage = OpenStage(1);
  SetObserved(stage, "lon-1", "par-1", v1::FAMILY_IPV4, received == 0 ? v1::REACH_CUT : v1::REACH_LOSSY, received,
              sent);
  return stage;
}

std::string LostLine(const EdgeHistory& history) {
  std::vector<std::optional<float>> lost;
  for (const EdgeHistory::Second& second : history.Of(kSeenEdge)) lost.push_back(second.lost);
  return Sparkline(lost, EdgeHistory::kSeconds, 1, {.utf8 = false});
}

TEST(EdgeHistoryTest, KeepsAMinuteSecondBySecond) {
  EdgeHistory history;
  for (int second = 0; second < 70; ++second) history.Add(Losing(second < 65 ? 10 : 0), At(second));
  EXPECT_EQ(LostLine(history), std::string(55, '0') + "99999");
  EXPECT_EQ(history.Of({"nobody", "par-1", v1::FAMILY_IPV4}).size(), EdgeHistory::kSeconds);
}

TEST(EdgeHistoryTest, AnAnswerStandsForTheSecondsItTellsOf) {
  EdgeHistory history;
  history.Add(Losing(10), At(0));
  history.Add(Losing(0), At(2));
  // Of the 10 s the answer tells of 3.
  history.Add(Losing(5), At(12));
  EXPECT_EQ(LostLine(history), std::string(47, ' ') + "099" + std::string(7, ' ') + "555");
}

TEST(EdgeHistoryTest, TheNewerAnswerOfASecondCounts) {
  EdgeHistory history;
  history.Add(Losing(10), At(0));
  history.Add(Losing(0), At(0) + milliseconds(900));
  EXPECT_EQ(LostLine(history), std::string(59, ' ') + "9");
}

TEST(EdgeHistoryTest, AnEdgeThatComesBackHasAGap) {
  EdgeHistory history;
  history.Add(Losing(0), At(0));
  for (int second = 1; second < 80; ++second) {
    history.Add(second < 20 || second > 75 ? Losing(0) : v1::StageVerdict(), At(second));
  }
  EXPECT_EQ(LostLine(history), std::string(56, ' ') + "9999");
  EdgeHistory brief;
  for (int second = 0; second < 30; ++second) {
    brief.Add(second < 20 || second > 25 ? Losing(0) : v1::StageVerdict(), At(second));
  }
  EXPECT_EQ(LostLine(brief), std::string(30, ' ') + std::string(20, '9') + std::string(6, ' ') + "9999");
}

TEST(EdgeHistoryTest, SightOfAnEdge) {
  v1::EdgeVerdict edge;
  EXPECT_FALSE(SightOf(edge).lost);
  EXPECT_FALSE(SightOf(edge).delay);
  edge.set_sent(8);
  edge.set_received(2);
  *edge.mutable_mean_delay() = EncodeDuration(milliseconds(3));
  // Its receiver does not report.
  EXPECT_FALSE(SightOf(edge).lost);
  edge.set_observed(v1::REACH_LOSSY);
  EXPECT_EQ(SightOf(edge).lost, 0.75);
  EXPECT_EQ(SightOf(edge).delay, milliseconds(3));
  EXPECT_FALSE(SightOf(edge).added);
  *edge.mutable_observed_delay() = EncodeDuration(milliseconds(2));
  EXPECT_EQ(SightOf(edge).delay, milliseconds(2));
  EXPECT_TRUE(SightOf(edge).added);
  edge.set_received(9);
  EXPECT_EQ(SightOf(edge).lost, 0);
}

TEST(SparklineTest, ByHeightOrDigit) {
  const std::vector<std::optional<float>> values = {0.0f, 0.001f, 0.5f, 0.999f, 1.0f, std::nullopt, 2.0f, -1.0f};
  EXPECT_EQ(Sparkline(values, 8, 1, {}), "▁▂▅▇█ █▁");
  EXPECT_EQ(Sparkline(values, 8, 1, {.utf8 = false}), "01589 90");
}

TEST(SparklineTest, TheGreatestStandsForItsPart) {
  const std::vector<std::optional<float>> values = {0.0f, 1.0f, std::nullopt, 0.0f, std::nullopt, std::nullopt};
  EXPECT_EQ(Sparkline(values, 3, 1, {.utf8 = false}), "90 ");
  EXPECT_EQ(Sparkline(values, 6, 0, {.utf8 = false}), "00 0  ");
  EXPECT_EQ(Sparkline({}, 0, 1, {}), "");
}

}  // namespace
}  // namespace faultline
