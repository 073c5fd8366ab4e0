#include "agent/observe/sequence_window.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

namespace faultline {
namespace {

TEST(SequenceWindowTest, AcceptsEachNumberOnce) {
  SequenceWindow window;
  for (const std::uint64_t sequence : {5u, 6u, 8u, 7u}) EXPECT_TRUE(window.Accept(sequence)) << sequence;
  for (const std::uint64_t sequence : {5u, 6u, 7u, 8u}) EXPECT_FALSE(window.Accept(sequence)) << sequence;
}

TEST(SequenceWindowTest, StartsAnywhere) {
  for (const std::uint64_t first : {std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max()}) {
    SequenceWindow window;
    EXPECT_TRUE(window.Accept(first));
    EXPECT_FALSE(window.Accept(first));
  }
}

TEST(SequenceWindowTest, RefusesWhatIsTooFarBehind) {
  SequenceWindow window;
  EXPECT_TRUE(window.Accept(1000));
  EXPECT_TRUE(window.Accept(1000 - SequenceWindow::kWidth + 1));
  EXPECT_FALSE(window.Accept(1000 - SequenceWindow::kWidth));
  EXPECT_FALSE(window.Accept(0));
}

TEST(SequenceWindowTest, TakesAnyJumpForward) {
  SequenceWindow window;
  EXPECT_TRUE(window.Accept(1));
  EXPECT_TRUE(window.Accept(1 + SequenceWindow::kWidth));
  EXPECT_FALSE(window.Accept(1));
  EXPECT_TRUE(window.Accept(2));
  EXPECT_TRUE(window.Accept(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_TRUE(window.Accept(std::numeric_limits<std::uint64_t>::max() - 1));
}

TEST(SequenceWindowTest, AgreesWithASetOfAllNumbersSeen) {
  std::mt19937_64 random(1);
  SequenceWindow window;
  std::set<std::uint64_t> seen;
  std::uint64_t greatest = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t sequence = static_cast<std::uint64_t>(i / 4) + random() % 600;
    const bool in_reach = seen.empty() || sequence + SequenceWindow::kWidth > greatest;
    ASSERT_EQ(window.Accept(sequence), in_reach && !seen.contains(sequence)) << i << ": " << sequence;
    if (in_reach) seen.insert(sequence);
    greatest = std::max(greatest, sequence);
  }
}

}  // namespace
}  // namespace faultline
