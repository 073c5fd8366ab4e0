// The fake must itself keep Kernel's contract, or the tests that stand on it prove nothing.

#include "tests/fakes/fake_kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;

class FakeKernelTest : public ::testing::Test {
 protected:
  Program TwoSteps() const {
    Program program{.run = run_, .devices = {"eth0"}};
    program.prefix_sets = {PrefixSet{*Prefix::Parse("172.33.0.0/16")}};
    program.steps = {{.index = 0, .incoming = {{.sources = 0}}}, {.index = 3, .incoming = {{.sources = 0}}}};
    return program;
  }
  absl::Status Open(StepIndex step, Duration timeout) {
    const GateOpening open[] = {{step, timeout}};
    return kernel_.Switch(run_, {}, open);
  }

  const RunId run_{"r"};
  FakeClock clock_;
  FakeKernel kernel_{clock_};
};

TEST_F(FakeKernelTest, InstalledIsInert) {
  ASSERT_THAT(kernel_.Install(TwoSteps()), IsOk());
  EXPECT_EQ(kernel_.Installed(run_), TwoSteps());
  EXPECT_THAT(kernel_.ActiveSteps(run_), IsEmpty());
  EXPECT_THAT(kernel_.Install(TwoSteps()), StatusIs(absl::StatusCode::kAlreadyExists, _));
}

TEST_F(FakeKernelTest, GatesEndByTheClock) {
  ASSERT_THAT(kernel_.Install(TwoSteps()), IsOk());
  ASSERT_THAT(Open(0, seconds(15)), IsOk());
  ASSERT_THAT(Open(3, milliseconds(1)), IsOk());
  EXPECT_THAT(kernel_.ActiveSteps(run_), ElementsAre(0, 3));
  clock_.Advance(milliseconds(99));
  EXPECT_THAT(kernel_.ActiveSteps(run_), ElementsAre(0, 3));
  clock_.Advance(milliseconds(1));
  EXPECT_THAT(kernel_.ActiveSteps(run_), ElementsAre(0));
  EXPECT_EQ(kernel_.GateEnd(run_, 0), FakeClock::kStart + seconds(15));
  ASSERT_THAT(Open(0, seconds(15)), IsOk());
  clock_.Advance(seconds(15) - Duration(1));
  EXPECT_THAT(kernel_.ActiveSteps(run_), ElementsAre(0));
  clock_.Advance(Duration(1));
  EXPECT_THAT(kernel_.ActiveSteps(run_), IsEmpty());
  EXPECT_EQ(kernel_.GateEnd(run_, 0), std::nullopt);
}

TEST_F(FakeKernelTest, SwitchClosesThenOpensAndPassesOverUnknownSteps) {
  ASSERT_THAT(kernel_.Install(TwoSteps()), IsOk());
  ASSERT_THAT(Open(0, seconds(15)), IsOk());
  const StepIndex close[] = {0, 1};
  const GateOpening open[] = {{3, seconds(1)}, {7, seconds(1)}};
  ASSERT_THAT(kernel_.Switch(run_, close, open), IsOk());
  EXPECT_THAT(kernel_.ActiveSteps(run_), ElementsAre(3));
  EXPECT_THAT(kernel_.Switch(RunId("other"), close, open), StatusIs(absl::StatusCode::kNotFound, _));
}

TEST_F(FakeKernelTest, RemoveAndResetForget) {
  ASSERT_THAT(kernel_.Remove(run_), IsOk());
  ASSERT_THAT(kernel_.Install(TwoSteps()), IsOk());
  ASSERT_THAT(Open(0, seconds(15)), IsOk());
  ASSERT_THAT(kernel_.Remove(run_), IsOk());
  EXPECT_THAT(kernel_.InstalledRuns(), IsEmpty());
  ASSERT_THAT(kernel_.Install(TwoSteps()), IsOk());
  EXPECT_THAT(kernel_.ActiveSteps(run_), IsEmpty());
  ASSERT_THAT(kernel_.Reset(), IsOk());
  EXPECT_THAT(kernel_.InstalledRuns(), IsEmpty());
}

TEST_F(FakeKernelTest, AFailedCallChangesNothing) {
  ASSERT_THAT(kernel_.Install(TwoSteps()), IsOk());
  kernel_.FailCall(2, absl::UnavailableError("no"));
  ASSERT_THAT(Open(0, seconds(15)), IsOk());
  EXPECT_THAT(Open(3, seconds(15)), StatusIs(absl::StatusCode::kUnavailable, "no"));
  EXPECT_THAT(kernel_.ActiveSteps(run_), ElementsAre(0));
  kernel_.FailEveryCall(absl::UnavailableError("gone"));
  EXPECT_THAT(kernel_.Remove(run_), StatusIs(absl::StatusCode::kUnavailable, "gone"));
  EXPECT_THAT(kernel_.InstalledRuns(), ElementsAre(run_));
  kernel_.FailEveryCall(absl::OkStatus());
  EXPECT_THAT(kernel_.Remove(run_), IsOk());
}

TEST_F(FakeKernelTest, RecordsEveryCall) {
  ASSERT_THAT(kernel_.Install(TwoSteps()), IsOk());
  clock_.Advance(seconds(1));
  const StepIndex close[] = {0};
  const GateOpening open[] = {{3, seconds(15)}};
  ASSERT_THAT(kernel_.Switch(run_, close, open), IsOk());
  kernel_.FailCall(1, absl::UnavailableError("no"));
  EXPECT_THAT(kernel_.Reset(), StatusIs(absl::StatusCode::kUnavailable, _));
  EXPECT_EQ(kernel_.operations()[1].at, FakeClock::kStart + seconds(1));
  EXPECT_THAT(kernel_.TakeOperations(), ElementsAre("install r", "switch r close 0 open 3 15s", "reset (failed)"));
  EXPECT_THAT(kernel_.TakeOperations(), IsEmpty());
}

TEST_F(FakeKernelTest, ShapeAndAttachChangeWhatIsInstalled) {
  Program program = TwoSteps();
  program.steps[1].effect = Impairment{.delay = milliseconds(80)};
  ASSERT_THAT(kernel_.Install(program), IsOk());
  const Impairment farther{.delay = milliseconds(160)};
  const LaneChange changes[] = {{0, farther}, {3, farther}, {9, farther}};
  ASSERT_THAT(kernel_.Shape(run_, changes), IsOk());
  ASSERT_THAT(kernel_.Attach(run_, "eth1"), IsOk());
  ASSERT_THAT(kernel_.Attach(run_, "eth1"), IsOk());
  program.steps[1].effect = farther;
  program.devices = {"eth0", "eth1"};
  EXPECT_EQ(kernel_.Installed(run_), program);
  EXPECT_THAT(kernel_.Shape(RunId("other"), changes), StatusIs(absl::StatusCode::kNotFound, _));
  EXPECT_THAT(kernel_.Attach(RunId("other"), "eth1"), StatusIs(absl::StatusCode::kNotFound, _));
}

}  // namespace
}  // namespace faultline
