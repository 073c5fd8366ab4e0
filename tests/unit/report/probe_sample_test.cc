#include "controller/report/probe_sample.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

std::vector<NodeName> Fleet(int count) {
  std::vector<NodeName> nodes;
  for (int i = 0; i < count; ++i) nodes.emplace_back(absl::StrCat("node-", i));
  return nodes;
}

// Into so many parts of different sizes, by lot.
std::vector<NodeGroup> Part(const std::vector<NodeName>& nodes, std::size_t parts, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<NodeGroup> groups(parts);
  for (const NodeName& node : nodes) {
    const std::size_t one = random() % parts;
    groups[std::min(one, random() % parts)].insert(node);
  }
  return groups;
}

std::size_t PairsBetween(const ProbePairs& pairs, const NodeGroup& a, const NodeGroup& b) {
  std::size_t count = 0;
  for (const NodeName& one : a) {
    for (const NodeName& peer : pairs.at(one)) count += one != peer && b.contains(peer) ? 1 : 0;
  }
  return &a == &b ? count / 2 : count;
}

// How many there could be.
std::size_t PossiblePairs(const NodeGroup& a, const NodeGroup& b) {
  if (&a == &b) return a.size() * (a.size() - 1) / 2;
  std::size_t common = 0;
  for (const NodeName& node : a) common += b.contains(node) ? 1 : 0;
  return a.size() * b.size() - common;
}

std::size_t Edges(const ProbePairs& pairs) {
  std::size_t count = 0;
  for (const auto& [node, peers] : pairs) count += peers.size();
  return count;
}

class ProbeSampleTest : public ::testing::TestWithParam<int> {};

TEST_P(ProbeSampleTest, IsMutualBalancedAndCoversEveryTwoGroups) {
  const std::uint64_t seed = 40 + static_cast<std::uint64_t>(GetParam());
  const std::vector<NodeName> nodes = Fleet(GetParam());
  constexpr std::size_t kMost = 12;
  for (const std::size_t parts : {1u, 2u, 3u, 5u}) {
    // One that hardly differs from the other, and single nodes.
    const std::vector<std::vector<NodeGroup>> partings = {Part(nodes, parts, seed),
                                                          {{nodes[0]}, {nodes[1]}, {nodes[2], nodes[3], nodes[4]}}};
    const ProbePairs pairs = SampleProbes(nodes, partings, kMost, seed);
    ASSERT_EQ(pairs.size(), nodes.size());
    for (const auto& [node, peers] : pairs) {
      EXPECT_LE(peers.size(), kMost) << node.text();
      EXPECT_GE(peers.size(), kMost - kMost / 5) << node.text();
      EXPECT_FALSE(peers.contains(node));
      for (const NodeName& peer : peers) EXPECT_TRUE(pairs.at(peer).contains(node));
    }
    for (const std::vector<NodeGroup>& groups : partings) {
      for (auto a = groups.begin(); a != groups.end(); ++a) {
        for (auto b = a; b != groups.end(); ++b) {
          EXPECT_GE(PairsBetween(pairs, *a, *b), std::min(kFewestPairs, PossiblePairs(*a, *b)))
              << a - groups.begin() << " and " << b - groups.begin() << " of " << groups.size();
        }
      }
    }
  }
}

TEST_P(ProbeSampleTest, IsDrawnBySeedAlone) {
  const std::vector<NodeName> nodes = Fleet(GetParam());
  const std::vector<std::vector<NodeGroup>> partings = {Part(nodes, 3, 1)};
  std::vector<NodeName> otherwise(nodes.rbegin(), nodes.rend());
  EXPECT_EQ(SampleProbes(nodes, partings, 12, 5), SampleProbes(otherwise, partings, 12, 5));
  EXPECT_NE(SampleProbes(nodes, partings, 12, 5), SampleProbes(nodes, partings, 12, 6));
}

TEST_P(ProbeSampleTest, ANodeThatLeavesChangesLittleForTheOthers) {
  std::vector<NodeName> nodes = Fleet(GetParam());
  ProbePairs before = SampleProbes(nodes, {}, 12, 5);
  const NodeName gone = nodes[7];
  nodes.erase(nodes.begin() + 7);
  const ProbePairs after = SampleProbes(nodes, {}, 12, 5);
  std::size_t kept = 0;
  before.erase(gone);
  for (auto& [node, peers] : before) {
    peers.erase(gone);
    for (const NodeName& peer : peers) kept += after.at(node).contains(peer) ? 1 : 0;
  }
  EXPECT_GE(kept, Edges(before) * 8 / 10);
}

INSTANTIATE_TEST_SUITE_P(Sizes, ProbeSampleTest, ::testing::Values(30, 61, 300, 1000));

TEST(ProbeSampleTest, FewNodesAllProbeEachOther) {
  const std::vector<NodeName> nodes = Fleet(3);
  for (const auto& [node, peers] : SampleProbes(nodes, {}, 12, 5)) EXPECT_EQ(peers.size(), 2u) << node.text();
}

TEST(ProbeSampleTest, GroupsMayNameNodesThatAreNotThere) {
  const std::vector<NodeName> nodes = Fleet(2);
  const std::vector<std::vector<NodeGroup>> partings = {{{NodeName("lost"), nodes[0]}, {NodeName("gone")}}};
  EXPECT_EQ(SampleProbes(nodes, partings, 12, 5).size(), 2u);
}

}  // namespace
}  // namespace faultline
