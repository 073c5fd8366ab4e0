#include "controller/guard/guard_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/timeline_codec.h"

namespace faultline {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ControllerTime kStart{seconds(100)};
const CheckResult kGood = {.passed = true, .detail = "status 200"};
const CheckResult kBad = {.passed = false, .detail = "status 503"};

Guard MakeGuard(const std::string& name, std::uint32_t failures = 1, bool abort = true) {
  Guard guard;
  guard.name = name;
  guard.check = HttpCheck{};
  guard.every = seconds(5);
  guard.timeout = seconds(2);
  guard.failures = failures;
  guard.abort = abort;
  return guard;
}

TEST(GuardWatchTest, ChecksAtOnceThenAfterEachInterval) {
  GuardWatch watch({MakeGuard("a"), MakeGuard("b")});
  EXPECT_THAT(watch.TakeDue(kStart), ElementsAre(0, 1));
  EXPECT_THAT(watch.TakeDue(kStart + seconds(60)), IsEmpty());
  EXPECT_FALSE(watch.Steady());
  watch.Answer(0, kStart, kGood);
  EXPECT_FALSE(watch.Steady());
  watch.Answer(1, kStart, kGood);
  EXPECT_TRUE(watch.Steady());
  EXPECT_EQ(watch.NextDue(), kStart + seconds(5));
  EXPECT_THAT(watch.TakeDue(kStart + seconds(4)), IsEmpty());
  EXPECT_THAT(watch.TakeDue(kStart + seconds(5)), ElementsAre(0, 1));
}

TEST(GuardWatchTest, OneFailureIsEnoughBeforeArmingThenAsManyAsItSays) {
  GuardWatch before({MakeGuard("quorum", 3)});
  EXPECT_EQ(before.Answer(0, kStart, kBad), "guard 'quorum' failed: status 503");
  GuardWatch after({MakeGuard("quorum", 3)});
  EXPECT_EQ(after.Answer(0, kStart, kGood), std::nullopt);
  after.Arm();
  EXPECT_EQ(after.Answer(0, kStart, kBad), std::nullopt);
  EXPECT_EQ(after.Answer(0, kStart, kBad), std::nullopt);
  EXPECT_EQ(after.Answer(0, kStart, kGood), std::nullopt);
  EXPECT_EQ(after.Answer(0, kStart, kBad), std::nullopt);
  EXPECT_EQ(after.Answer(0, kStart, kBad), std::nullopt);
  EXPECT_EQ(after.Answer(0, kStart, kBad), "guard 'quorum' failed: status 503");
}

TEST(GuardWatchTest, OneThatOnlyNotesNeverAborts) {
  GuardWatch watch({MakeGuard("lag", 1, false)});
  EXPECT_EQ(watch.Answer(0, kStart, kBad), std::nullopt);
  EXPECT_TRUE(watch.Steady());
  watch.Arm();
  EXPECT_EQ(watch.Answer(0, kStart, kBad), std::nullopt);
  v1::Run run;
  watch.Record(std::nullopt, run);
  ASSERT_EQ(run.guard_checks_size(), 1);
  EXPECT_FALSE(run.guard_checks(0).passed());
  EXPECT_EQ(run.guard_checks(0).repeated_checks(), 1u);
}

TEST(GuardWatchTest, CheckThatDoesNotComeBackHasFailedOverAndOver) {
  GuardWatch watch({MakeGuard("quorum", 2), MakeGuard("lag", 1, false)});
  watch.Arm();
  watch.TakeDue(kStart);
  watch.Answer(1, kStart, kGood);
  EXPECT_FALSE(watch.AnyOverdue(kStart + seconds(6)));
  EXPECT_TRUE(watch.AnyOverdue(kStart + seconds(7)));
  EXPECT_EQ(watch.FailOverdue(kStart + seconds(7)), std::nullopt);
  EXPECT_TRUE(watch.Steady());
  // Still under way.
  EXPECT_THAT(watch.TakeDue(kStart + seconds(7)), ElementsAre(1));
  EXPECT_FALSE(watch.AnyOverdue(kStart + seconds(11)));
  EXPECT_EQ(watch.FailOverdue(kStart + seconds(12)), "guard 'quorum' failed: no answer from the check in time");
  // What comes back late counts after all.
  watch.Answer(0, kStart, kGood);
  EXPECT_FALSE(watch.AnyOverdue(kStart + seconds(13)));
  EXPECT_THAT(watch.TakeDue(kStart + seconds(13)), ElementsAre(0));
  // One that only notes never aborts.
  EXPECT_TRUE(watch.AnyOverdue(kStart + seconds(14)));
  EXPECT_EQ(watch.FailOverdue(kStart + seconds(14)), std::nullopt);
}

TEST(GuardWatchTest, RecordHasEveryChange) {
  GuardWatch watch({MakeGuard("a", 9), MakeGuard("b")});
  watch.Arm();
  watch.Answer(0, kStart, kGood);
  watch.Answer(1, kStart, kGood);
  watch.Answer(0, kStart + seconds(5), kGood);
  watch.Answer(0, kStart + seconds(10), kBad);
  watch.Answer(0, kStart + seconds(15), {.passed = false, .detail = "status 500"});
  watch.Answer(0, kStart + seconds(20), kGood);
  v1::Run run;
  watch.Record(kStart + seconds(12), run);
  std::vector<std::string> seen;
  for (const v1::GuardCheck& check : run.guard_checks()) {
    seen.push_back(check.name() + " " + std::to_string(DecodeDuration(check.at())->count() / 1'000'000'000) + " " +
                   check.detail() + " +" + std::to_string(check.repeated_checks()));
  }
  EXPECT_THAT(seen, ElementsAre("a -12 status 200 +1", "b -12 status 200 +0", "a -2 status 503 +0", "a 3 status 500 +0",
                                "a 8 status 200 +0"));
}

TEST(GuardWatchTest, RecordIsBounded) {
  GuardWatch watch({MakeGuard("a", 1, false)});
  for (int i = 0; i < 5000; ++i) watch.Answer(0, kStart + seconds(i), i % 2 == 0 ? kGood : kBad);
  v1::Run run;
  watch.Record(kStart, run);
  EXPECT_EQ(run.guard_checks_size(), GuardWatch::kMostRecorded);
  EXPECT_EQ(run.guard_checks(GuardWatch::kMostRecorded - 1).repeated_checks(), 4000u);
}

}  // namespace
}  // namespace faultline
