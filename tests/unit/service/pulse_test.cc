#include "common/service/pulse.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/fakes/fake_clock.h"

namespace faultline {
namespace {

using std::chrono::seconds;

class PulseTest : public ::testing::Test {
 protected:
  FakeClock clock_;
  int beats_ = 0;
  Pulse pulse_{seconds(10), [this] { ++beats_; }};
};

TEST_F(PulseTest, BeatsWhenTheThreadFirstComesBy) {
  EXPECT_LT(pulse_.next(), clock_.Now());
  pulse_.Advance(clock_.Now());
  EXPECT_EQ(beats_, 1);
}

TEST_F(PulseTest, BeatsTwiceInAnInterval) {
  for (int i = 0; i < 6; ++i) {
    pulse_.Advance(clock_.Now());
    EXPECT_EQ(pulse_.next(), clock_.Now() + seconds(5));
    clock_.Set(pulse_.next());
  }
  EXPECT_EQ(beats_, 6);
}

TEST_F(PulseTest, ComingByMoreOftenBeatsNoMore) {
  for (int i = 0; i < 50; ++i) {
    pulse_.Advance(clock_.Now());
    clock_.Set(clock_.Now() + seconds(1));
  }
  EXPECT_EQ(beats_, 10);
}

TEST_F(PulseTest, AThreadThatStandsStillIsNotFed) {
  pulse_.Advance(clock_.Now());
  clock_.Set(clock_.Now() + seconds(1000));
  EXPECT_EQ(beats_, 1);
  // It is late by all that, and catches up with one beat.
  pulse_.Advance(clock_.Now());
  EXPECT_EQ(beats_, 2);
  EXPECT_EQ(pulse_.next(), clock_.Now() + seconds(5));
}

TEST_F(PulseTest, OneThatNobodyWantsWakesNobody) {
  Pulse none;
  EXPECT_EQ(none.next(), MonotonicTime::max());
  none.Advance(clock_.Now() + seconds(1000));
}

}  // namespace
}  // namespace faultline
