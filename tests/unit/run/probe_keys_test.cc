#include "controller/run/probe_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "agent/observe/probe_seal.h"

namespace faultline {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::SizeIs;

ProbeSeal SealOf(const std::vector<std::string>& keys) {
  std::vector<PacketMac::Key> read;
  for (const std::string& key : keys) std::ranges::copy(key, read.emplace_back().begin());
  return ProbeSeal::Make(read).value();
}

TEST(ProbeKeysTest, BeginsWithOneRandomKey) {
  const ProbeKeys first;
  const ProbeKeys second;
  ASSERT_THAT(first.keys(), ElementsAre(SizeIs(PacketMac::kKeySize)));
  EXPECT_NE(first.keys(), second.keys());
  EXPECT_FALSE(first.Changing());
}

TEST(ProbeKeysTest, ANewKeyIsTakenThenUsedThenAlone) {
  ProbeKeys keys;
  const std::string old = keys.keys()[0];
  std::uint64_t step = keys.step();
  keys.Renew();
  ASSERT_EQ(keys.keys().size(), 2u);
  const std::string fresh = keys.keys()[1];
  EXPECT_NE(fresh, old);
  EXPECT_THAT(keys.keys(), ElementsAre(old, fresh));
  EXPECT_EQ(keys.Patience(), seconds(15));
  EXPECT_GT(keys.step(), step);
  step = keys.step();
  keys.Advance();
  EXPECT_THAT(keys.keys(), ElementsAre(fresh, old));
  EXPECT_EQ(keys.Patience(), seconds(75));
  EXPECT_GT(keys.step(), step);
  step = keys.step();
  keys.Advance();
  EXPECT_THAT(keys.keys(), ElementsAre(fresh));
  EXPECT_GT(keys.step(), step);
  EXPECT_FALSE(keys.Changing());
}

TEST(ProbeKeysTest, RunsOfOneMomentShareAKeyAndLaterOnesHaveTheNext) {
  ProbeKeys keys;
  keys.Renew();
  const std::string fresh = keys.keys()[1];
  keys.Renew();
  keys.Advance();
  keys.Renew();
  keys.Renew();
  keys.Advance();
  ASSERT_EQ(keys.keys().size(), 2u);
  EXPECT_EQ(keys.keys()[0], fresh);
  keys.Advance();
  keys.Advance();
  EXPECT_FALSE(keys.Changing());
}

TEST(ProbeKeysTest, WhatWasToldIsReplaced) {
  ProbeKeys keys;
  keys.Renew();
  const std::string told = keys.keys()[1];
  keys.Replace();
  keys.Advance();
  keys.Advance();
  ASSERT_THAT(keys.keys(), SizeIs(2));
  keys.Advance();
  keys.Advance();
  ASSERT_THAT(keys.keys(), SizeIs(1));
  EXPECT_NE(keys.keys()[0], told);
}

// Nodes are told each step in an order of its own; a probe may be under way until it is too old to count.
TEST(ProbeKeysTest, NoProbeIsLostInWhicheverOrderNodesLearn) {
  constexpr std::size_t kNodes = 5;
  const ProbePacket probe{.token = 1, .sender = 2, .receiver = 3, .sequence = 4, .sent_at = {}};
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    ProbeKeys keys;
    std::vector<ProbeSeal> nodes;
    for (std::size_t i = 0; i < kNodes; ++i) nodes.push_back(SealOf(keys.keys()));
    std::vector<SealedProbe> under_way;
    const auto exchange = [&] {
      for (ProbeSeal& sender : nodes) under_way.push_back(sender.Seal(probe, Family::kIpv4).value());
      for (ProbeSeal& receiver : nodes) {
        for (const SealedProbe& sealed : under_way) ASSERT_TRUE(receiver.Open(sealed, Family::kIpv4)) << seed;
      }
    };
    for (int round = 0; round < 2; ++round) {
      keys.Renew();
      for (bool more = true; more;) {
        std::vector<std::size_t> order = {0, 1, 2, 3, 4};
        std::ranges::shuffle(order, random);
        for (const std::size_t node : order) {
          nodes[node] = SealOf(keys.keys());
          exchange();
        }
        if (keys.Patience() > minutes(1)) under_way.clear();
        more = keys.Changing();
        if (more) keys.Advance();
      }
    }
  }
}

}  // namespace
}  // namespace faultline
