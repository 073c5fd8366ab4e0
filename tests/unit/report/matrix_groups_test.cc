#include "controller/report/matrix_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/report/stage_samples.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MatrixCellsTest, NodesAreInTheOrderPeopleCountIn) {
  const std::vector<std::string> nodes = {"lon-10", "b", "lon-2", "lon-2a", "10", "lon-1", "9", "lon", "lon-02"};
  EXPECT_THAT(ReadMatrix(StageAsPlanned(nodes, [](const std::string&, const std::string&) { return true; })).names(),
              ElementsAre("9", "10", "b", "lon", "lon-1", "lon-2", "lon-2a", "lon-02", "lon-10"));
}

TEST(MatrixCellsTest, JoinsBothFamilies) {
  struct {
    v1::Reach ipv4;
    v1::Reach ipv6;
    CellReach joined;
  } const cases[] = {
      {v1::REACH_OPEN, v1::REACH_OPEN, CellReach::kOpen},
      {v1::REACH_CUT, v1::REACH_CUT, CellReach::kCut},
      {v1::REACH_OPEN, v1::REACH_CUT, CellReach::kOnlyIpv4},
      {v1::REACH_CUT, v1::REACH_OPEN, CellReach::kOnlyIpv6},
      {v1::REACH_LOSSY, v1::REACH_OPEN, CellReach::kLossy},
      {v1::REACH_CUT, v1::REACH_LOSSY, CellReach::kLossy},
      {v1::REACH_UNSPECIFIED, v1::REACH_OPEN, CellReach::kUnknown},
      {v1::REACH_LOSSY, v1::REACH_UNSPECIFIED, CellReach::kUnknown},
  };
  for (const auto& reach : cases) {
    v1::StageVerdict stage = OpenStage(1);
    SetObserved(stage, "lon-1", "par-1", v1::FAMILY_IPV4, reach.ipv4, 12);
    SetObserved(stage, "lon-1", "par-1", v1::FAMILY_IPV6, reach.ipv6, 12);
    const MatrixCell cell = ReadMatrix(stage).At(0, 1);
    EXPECT_EQ(cell.observed, reach.joined) << reach.ipv4 << " " << reach.ipv6;
    EXPECT_EQ(cell.agrees, reach.joined == CellReach::kOpen);
    EXPECT_EQ(cell.planned, CellReach::kOpen);
  }
}

TEST(MatrixCellsTest, OneFamilyStandsForItself) {
  v1::StageVerdict stage;
  v1::EdgeVerdict& edge = EdgeOf(stage, "a", "b", v1::FAMILY_IPV6);
  edge.set_from("a");
  edge.set_to("b");
  edge.set_family(v1::FAMILY_IPV6);
  edge.set_observed(v1::REACH_CUT);
  const Matrix matrix = ReadMatrix(stage);
  EXPECT_EQ(matrix.At(0, 1).observed, CellReach::kCut);
  EXPECT_EQ(matrix.At(1, 0), MatrixCell{});
}

TEST(MatrixGroupsTest, NodesThatBehaveAlikeAreOne) {
  const GroupedMatrix grouped = GroupAlike(ReadMatrix(OneWayStage(10)));
  EXPECT_THAT(grouped.matrix.names(), ElementsAre("lon-1..lon-10 (10)", "par-1..par-10 (10)"));
  EXPECT_THAT(grouped.notes, IsEmpty());
  EXPECT_EQ(grouped.matrix.At(0, 0).observed, CellReach::kOpen);
  EXPECT_EQ(grouped.matrix.At(0, 1).observed, CellReach::kCut);
  EXPECT_EQ(grouped.matrix.At(1, 0).observed, CellReach::kOpen);
}

TEST(MatrixGroupsTest, ANodeThatDiffersInOneCellStandsAlone) {
  v1::StageVerdict stage = OneWayStage(5);
  SetObserved(stage, "lon-3", "par-1", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  const GroupedMatrix grouped = GroupAlike(ReadMatrix(stage));
  EXPECT_THAT(grouped.matrix.names(), ElementsAre("lon-1 and 3 more", "lon-3", "par-1", "par-2..par-5 (4)"));
  EXPECT_THAT(grouped.notes, ElementsAre("lon-1 and 3 more: lon-1..lon-2 lon-4..lon-5"));
}

TEST(MatrixGroupsTest, NodesCutFromEachOtherOneWayAreNotAlike) {
  const GroupedMatrix grouped = GroupAlike(ReadMatrix(OneWayStage(1)));
  EXPECT_THAT(grouped.matrix.names(), ElementsAre("lon-1", "par-1"));
}

// Every cell of the whole matrix must be had back from the groups.
TEST(MatrixGroupsTest, NothingIsLost) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    const std::size_t kinds = 1 + random() % 4;
    v1::StageVerdict stage = OpenStage(1 + static_cast<int>(random() % 4));
    std::map<std::string, std::size_t> kind;
    for (v1::EdgeVerdict& edge : *stage.mutable_edges()) {
      const auto of = [&](const std::string& node) { return kind.try_emplace(node, random() % kinds).first->second; };
      const std::size_t reach = (of(edge.from()) * 3 + of(edge.to()) + (random() % 40 == 0 ? 1 : 0)) % 4;
      edge.set_observed(static_cast<v1::Reach>(reach));
    }
    const Matrix whole = ReadMatrix(stage);
    const GroupedMatrix grouped = GroupAlike(whole);
    std::size_t seen = 0;
    for (std::size_t from = 0; from < grouped.members.size(); ++from) {
      seen += grouped.members[from].size();
      for (std::size_t to = 0; to < grouped.members.size(); ++to) {
        for (const std::size_t a : grouped.members[from]) {
          for (const std::size_t b : grouped.members[to]) {
            if (a == b) continue;
            ASSERT_EQ(whole.At(a, b), grouped.matrix.At(from, to)) << round;
          }
        }
      }
    }
    EXPECT_EQ(seen, whole.size());
  }
}

const std::map<std::string, std::string> kCities = {
    {"lon-1", "london"}, {"lon-2", "london"}, {"lon-3", "london"}, {"par-1", "paris"}, {"par-2", "paris"}};

TEST(GroupByNameTest, EdgesThatAreAlikeAreOne) {
  const Matrix matrix = GroupByName(ReadMatrix(OneWayStage(3)), kCities);
  EXPECT_THAT(matrix.names(), ::testing::ElementsAre(" (1)", "london (3)", "paris (2)"));
  EXPECT_EQ(matrix.At(1, 2).planned, CellReach::kCut);
  EXPECT_EQ(matrix.At(1, 2).observed, CellReach::kCut);
  EXPECT_EQ(matrix.At(2, 1).observed, CellReach::kOpen);
  EXPECT_EQ(matrix.At(1, 1).observed, CellReach::kOpen);
  // The only one of its group is nothing to itself.
  EXPECT_EQ(matrix.At(0, 0).planned, CellReach::kNone);
  EXPECT_TRUE(matrix.At(1, 2).agrees);
}

TEST(GroupByNameTest, EdgesThatDifferAreCounted) {
  v1::StageVerdict stage = OneWayStage(3);
  SetObserved(stage, "lon-1", "par-2", v1::FAMILY_IPV4, v1::REACH_OPEN, 12);
  SetObserved(stage, "lon-1", "par-2", v1::FAMILY_IPV6, v1::REACH_OPEN, 12);
  const MatrixCell leak = GroupByName(ReadMatrix(stage), kCities).At(1, 2);
  EXPECT_EQ(leak.planned, CellReach::kCut);
  EXPECT_EQ(leak.observed, CellReach::kMixed);
  EXPECT_EQ(leak.observed_share, (CellShare{.open = 1, .edges = 6}));
  EXPECT_FALSE(leak.agrees);
}

TEST(GroupByNameTest, FiguresAreMeans) {
  v1::StageVerdict stage = FarStage(3, std::chrono::milliseconds(80), 0);
  *EdgeOf(stage, "lon-1", "par-1", v1::FAMILY_IPV4).mutable_observed_delay() =
      EncodeDuration(std::chrono::milliseconds(80 + 24));
  const Matrix matrix = GroupByName(ReadMatrix(stage), kCities);
  EXPECT_EQ(matrix.At(1, 2).observed, CellReach::kImpaired);
  EXPECT_EQ(matrix.At(1, 2).observed_figures.delay, std::chrono::milliseconds(82));
  // What is planned must be the same to be one.
  *EdgeOf(stage, "lon-1", "par-1", v1::FAMILY_IPV4).mutable_planned_delay() =
      EncodeDuration(std::chrono::milliseconds(40));
  const MatrixCell mixed = GroupByName(ReadMatrix(stage), kCities).At(1, 2);
  EXPECT_EQ(mixed.planned, CellReach::kMixed);
  EXPECT_EQ(mixed.planned_share, (CellShare{.open = 0, .edges = 6}));
  EXPECT_EQ(mixed.observed, CellReach::kImpaired);
}

}  // namespace
}  // namespace faultline
