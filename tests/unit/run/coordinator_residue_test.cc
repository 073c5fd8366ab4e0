// What nodes found after a run, in its record.

#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class CoordinatorResidueTest : public CoordinatorTest {
 protected:
  static v1::ResidueProof Proof(v1::ResidueFinding finding, const std::string& thing = "") {
    v1::ResidueProof proof;
    proof.set_finding(finding);
    if (!thing.empty()) proof.add_things(thing);
    return proof;
  }
  void Report(FakeAgent& agent, const std::string& id, v1::NodeEnd end, const v1::ResidueProof& proof) {
    v1::NodeRunEnd message;
    message.set_run_id(id);
    message.mutable_outcome()->set_end(end);
    *message.mutable_outcome()->mutable_residue() = proof;
    coordinator_->OnRunEnd(agent.name(), message);
  }
  // A run that is observed as planned; London's kernel is as before, and this is Paris'.
  v1::Run Complete(const v1::ResidueProof& of_paris) {
    const std::string id = BeginAndFire();
    ReportProbes(Duration(0), kLength, seconds(5), seconds(15));
    Pass(kLength + milliseconds(600));
    Report(london_, id, v1::NODE_END_COMPLETED, Proof(v1::RESIDUE_FINDING_EQUAL));
    Report(paris_, id, v1::NODE_END_COMPLETED, of_paris);
    Pass(seconds(2));
    return Get(id);
  }
};

TEST_F(CoordinatorResidueTest, ThatThereIsNoneIsInTheSummary) {
  const v1::Run run = Complete(Proof(v1::RESIDUE_FINDING_EQUAL));
  EXPECT_EQ(run.outcome(), v1::OUTCOME_VERIFIED);
  EXPECT_THAT(std::string(run.summary()), StartsWith("every observation equalled the plan"));
  EXPECT_THAT(std::string(run.summary()), EndsWith("; no residue on 2 of 2 nodes"));
  EXPECT_EQ(run.nodes(0).outcome().residue().finding(), v1::RESIDUE_FINDING_EQUAL);
}

TEST_F(CoordinatorResidueTest, WhatIsLeftMakesARunNotVerified) {
  const v1::Run run = Complete(Proof(v1::RESIDUE_FINDING_LEFT, "table netdev faultline"));
  EXPECT_EQ(run.outcome(), v1::OUTCOME_NOT_VERIFIED);
  EXPECT_THAT(std::string(run.summary()),
              StartsWith("something is left on par-1: table netdev faultline; every observation"));
  EXPECT_THAT(std::string(run.summary()), EndsWith("; no residue on 1 of 2 nodes"));
}

TEST_F(CoordinatorResidueTest, WhatOthersChangedIsAWarning) {
  const v1::Run run = Complete(Proof(v1::RESIDUE_FINDING_CHANGED, "device veth7 came"));
  EXPECT_EQ(run.outcome(), v1::OUTCOME_VERIFIED);
  EXPECT_THAT(std::string(run.summary()), EndsWith("; no residue on 2 of 2 nodes"));
  EXPECT_THAT(run.warnings(), ElementsAre("on par-1 others changed: device veth7 came"));
}

TEST_F(CoordinatorResidueTest, WhatIsNotKnownFailsNoRun) {
  const v1::Run run = Complete(Proof(v1::RESIDUE_FINDING_UNKNOWN, "after the run: too slow"));
  EXPECT_EQ(run.outcome(), v1::OUTCOME_VERIFIED);
  EXPECT_THAT(std::string(run.summary()), EndsWith("; no residue on 1 of 2 nodes"));
}

TEST_F(CoordinatorResidueTest, ARunThatIsAbortedSaysItToo) {
  const std::string id = BeginAndFire();
  Pass(seconds(6));
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  Report(london_, id, v1::NODE_END_RELEASED, Proof(v1::RESIDUE_FINDING_EQUAL));
  Report(paris_, id, v1::NODE_END_RELEASED, Proof(v1::RESIDUE_FINDING_LEFT, "device fl0"));
  Pass(milliseconds(50));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_ABORTED);
  EXPECT_EQ(Get(id).summary(), "something is left on par-1: device fl0; enough; no residue on 1 of 2 nodes");
}

TEST_F(CoordinatorResidueTest, WhereNothingWasAppliedNothingIsSaid) {
  const std::string id = Begin();
  paris_.AnswerRefused(*coordinator_, id, "no");
  Report(london_, id, v1::NODE_END_RELEASED, Proof(v1::RESIDUE_FINDING_EQUAL));
  Pass(milliseconds(50));
  EXPECT_EQ(Get(id).outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(std::string(Get(id).summary()), Not(HasSubstr("residue")));
  EXPECT_THAT(Get(id).warnings(), IsEmpty());
}

}  // namespace
}  // namespace faultline
