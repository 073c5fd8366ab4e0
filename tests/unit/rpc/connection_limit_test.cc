#include "controller/rpc/connection_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime kStart = MonotonicTime(seconds(100));

bool Take(ConnectionLimit& limit, const std::string& source, MonotonicTime now) {
  return limit.Ready(now) && limit.Admit(source, now);
}

TEST(ConnectionLimitTest, ASourceHasItsBurstAndThenItsRate) {
  ConnectionLimit limit({.burst_of_one = 3, .per_second_of_one = 2});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Take(limit, "a", kStart));
  EXPECT_FALSE(Take(limit, "a", kStart));
  EXPECT_TRUE(Take(limit, "b", kStart));
  EXPECT_TRUE(Take(limit, "a", kStart + milliseconds(500)));
  EXPECT_FALSE(Take(limit, "a", kStart + milliseconds(500)));
}

TEST(ConnectionLimitTest, WhoMayNotStayTakesNothingFromTheOthers) {
  ConnectionLimit limit({.burst_of_one = 1, .per_second_of_one = 1, .burst_of_all = 2, .per_second_of_all = 1});
  EXPECT_TRUE(Take(limit, "a", kStart));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(Take(limit, "a", kStart));
  EXPECT_TRUE(Take(limit, "b", kStart));
}

TEST(ConnectionLimitTest, AllTogetherWait) {
  ConnectionLimit limit({.burst_of_all = 2, .per_second_of_all = 1});
  EXPECT_TRUE(Take(limit, "a", kStart));
  EXPECT_TRUE(Take(limit, "b", kStart));
  EXPECT_FALSE(limit.Ready(kStart));
  EXPECT_TRUE(limit.Ready(kStart + seconds(1)));
  EXPECT_TRUE(limit.Ready(kStart + seconds(1)));
  EXPECT_TRUE(limit.Admit("c", kStart + seconds(1)));
  EXPECT_FALSE(limit.Ready(kStart + seconds(1)));
}

TEST(ConnectionLimitTest, SourcesAreForgotten) {
  ConnectionLimit limit({});
  std::size_t most = 0;
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(Take(limit, absl::StrCat("source ", i), kStart + milliseconds(5) * i));
    most = std::max(most, limit.sources());
  }
  EXPECT_LE(most, 1024u);
}

TEST(ConnectionLimitsTest, AreAsSetWithinWhatTheProcessMayOpen) {
  rlimit descriptors{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &descriptors), 0);
  const std::size_t most = descriptors.rlim_cur / 4 * 3;
  const ConnectionLimits usual = ConnectionLimits::ForThisProcess();
  EXPECT_EQ(usual.open_of_one, usual.open_of_all / 2);
  const ConnectionLimits set =
      ConnectionLimits::ForThisProcess({.open = 1'000'000, .open_of_one = 7, .per_second = 1000});
  EXPECT_EQ(set.open_of_all, std::min<std::size_t>(most, 1'000'000));
  EXPECT_EQ(set.open_of_one, 7U);
  EXPECT_EQ(set.per_second_of_all, 1000U);
  EXPECT_EQ(set.burst_of_all, 5000U);
  EXPECT_EQ(set.per_second_of_one, usual.per_second_of_one);
  EXPECT_EQ(set.burst_of_one, usual.burst_of_one);
}

}  // namespace
}  // namespace faultline
