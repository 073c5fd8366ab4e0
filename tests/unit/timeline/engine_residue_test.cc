// What an engine says of residue, and that nothing waits for it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/timeline/engine.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_kernel.h"
#include "tests/unit/timeline/timeline_samples.h"

namespace faultline {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Finding = ResidueProof::Finding;

// Keeps how each run ended, and what was installed when it was told.
class EndListener : public EngineListener {
 public:
  explicit EndListener(const FakeKernel& kernel) : kernel_(kernel) {}
  void OnStep(const RunId&, const StepReport&) override {}
  void OnForeignChange(const RunId&, std::optional<Duration>, const std::string&) override {}
  void OnRunEnd(const RunId& run, const RunReport& report) override {
    proofs.emplace_back(run.text(), report.residue);
    installed = kernel_.InstalledRuns();
  }
  std::vector<std::pair<std::string, ResidueProof>> proofs;
  std::vector<RunId> installed;

 private:
  const FakeKernel& kernel_;
};

KernelPicture Firewall(std::size_t rules) {
  return {.things = {{"chain input of table inet fw", {.kind = KernelPicture::Thing::Kind::kChain, .parts = rules}}}};
}

class EngineResidueTest : public ::testing::Test {
 protected:
  void Arm(const std::string& run, Duration length = seconds(10)) {
    const Timeline timeline = SampleTimeline({{seconds(0), length}}, run);
    ASSERT_TRUE(engine_.Arm(timeline, SampleProgram(timeline)).ok());
  }
  void End(const std::string& run) { ASSERT_TRUE(engine_.End(RunId(run), RunEnd::kReleased, "").ok()); }
  std::vector<Finding> Findings() const {
    std::vector<Finding> findings;
    for (const auto& [run, proof] : listener_.proofs) findings.push_back(proof.finding);
    return findings;
  }

  FakeClock clock_;
  FakeKernel kernel_{clock_};
  EndListener listener_{kernel_};
  Engine engine_{kernel_, clock_, listener_, Limits{}};
};

TEST_F(EngineResidueTest, ARunThatLeavesTheKernelAsItWasHasProof) {
  kernel_.SetPicture(Firewall(12));
  Arm("split-1");
  End("split-1");
  EXPECT_THAT(Findings(), ElementsAre(Finding::kEqual));
  EXPECT_FALSE(engine_.status().residue);
}

TEST_F(EngineResidueTest, WhatOthersChangedMeanwhileIsNamed) {
  kernel_.SetPicture(Firewall(12));
  Arm("split-1");
  kernel_.SetPicture(Firewall(13));
  End("split-1");
  EXPECT_EQ(listener_.proofs.at(0).second,
            (ResidueProof{.finding = Finding::kChanged,
                          .things = {"chain input of table inet fw: 12 rules before, 13 now"}}));
  EXPECT_FALSE(engine_.status().residue);
  // The next run is compared with the kernel as it is now.
  Arm("split-2");
  End("split-2");
  EXPECT_EQ(Findings().back(), Finding::kEqual);
}

TEST_F(EngineResidueTest, WhatIsFoundAfterwardsIsResidueUntilItIsReset) {
  Arm("split-1");
  KernelPicture left;
  left.things["device fl0"] = {.kind = KernelPicture::Thing::Kind::kDevice, .ours = true};
  kernel_.SetPicture(left);
  End("split-1");
  EXPECT_THAT(Findings(), ElementsAre(Finding::kLeft));
  EXPECT_TRUE(engine_.status().residue);
  kernel_.SetPicture(KernelPicture());
  kernel_.TakeOperations();
  Arm("split-2");
  EXPECT_THAT(kernel_.TakeOperations(), ElementsAre("reset", "install split-2"));
  EXPECT_FALSE(engine_.status().residue);
}

TEST_F(EngineResidueTest, ARunThatCannotBeRemovedIsLeft) {
  Arm("split-1");
  kernel_.FailEveryCall(absl::InternalError("no"));
  End("split-1");
  EXPECT_EQ(listener_.proofs.at(0).second,
            (ResidueProof{.finding = Finding::kLeft, .things = {"table netdev faultline"}}));
  EXPECT_TRUE(engine_.status().residue);
  kernel_.FailEveryCall(absl::OkStatus());
}

TEST_F(EngineResidueTest, EndingAllFailsAsLongAsAnythingIsLeft) {
  Arm("split-1");
  kernel_.FailEveryCall(absl::InternalError("no"));
  EXPECT_EQ(engine_.EndAll(RunEnd::kLocalHeal, "").status(), absl::InternalError("no"));
  // No run is held any more, and what is left is not forgotten.
  EXPECT_EQ(engine_.EndAll(RunEnd::kLocalHeal, "").status(), absl::InternalError("no"));
  kernel_.FailEveryCall(absl::OkStatus());
  kernel_.TakeOperations();
  EXPECT_EQ(engine_.EndAll(RunEnd::kLocalHeal, "").value_or(9), 0u);
  EXPECT_THAT(kernel_.TakeOperations(), ElementsAre("reset"));
  EXPECT_FALSE(engine_.status().residue);
}

TEST_F(EngineResidueTest, APictureThatFailsFailsNoRun) {
  kernel_.SetPicture(absl::DeadlineExceededError("too slow"));
  Arm("split-1");
  End("split-1");
  EXPECT_EQ(listener_.proofs.at(0).second,
            (ResidueProof{.finding = Finding::kUnknown, .things = {"after the run: too slow"}}));
  Arm("split-2");
  kernel_.SetPicture(KernelPicture());
  End("split-2");
  EXPECT_EQ(listener_.proofs.at(1).second.things, std::vector<std::string>{"before the run: too slow"});
}

TEST_F(EngineResidueTest, OfSeveralRunsTheLastIsComparedWithBeforeTheFirst) {
  kernel_.SetPicture(Firewall(12));
  Arm("split-1");
  kernel_.SetPicture(Firewall(13));
  Arm("split-2");
  End("split-1");
  End("split-2");
  EXPECT_THAT(Findings(), ElementsAre(Finding::kUnknown, Finding::kChanged));
  EXPECT_THAT(listener_.proofs.at(0).second.things, ElementsAre("another run went on here"));
}

TEST_F(EngineResidueTest, RunsThatEndTogetherAreAllHealedBeforeAnyIsLookedInto) {
  Arm("split-1");
  Arm("split-2");
  EXPECT_EQ(engine_.EndAll(RunEnd::kLocalHeal, "").value_or(0), 2u);
  EXPECT_THAT(Findings(), ElementsAre(Finding::kEqual, Finding::kEqual));
  EXPECT_THAT(listener_.installed, IsEmpty());
}

TEST_F(EngineResidueTest, EveryWayToAnEndTellsItAtOnce) {
  Arm("fired");
  ASSERT_TRUE(engine_.Fire(RunId("fired"), clock_.Now() - seconds(60)).ok());
  EXPECT_THAT(Findings(), SizeIs(1));
  Arm("renewed");
  ASSERT_TRUE(engine_.Fire(RunId("renewed"), clock_.Now()).ok());
  clock_.Advance(seconds(60));
  engine_.Renew(RunId("renewed"), clock_.Now());
  engine_.TidyUp();
  EXPECT_THAT(Findings(), SizeIs(2));
  Arm("lost");
  clock_.Advance(seconds(15));
  engine_.Advance();
  engine_.TidyUp();
  EXPECT_THAT(Findings(), ElementsAre(Finding::kEqual, Finding::kEqual, Finding::kEqual));
}

}  // namespace
}  // namespace faultline
