#include "absl/strings/str_cat.h"
#include "controller/report/verdict.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// A fleet of 60 nodes with one address each: at 20 probes a second a node can probe 25 others in time.
class SampledRunTest : public CoordinatorTest {
 protected:
  SampledRunTest() {
    for (int i = 2; i <= 30; ++i) {
      for (const auto& [city, network] : {std::pair("lon-", "172.32.0."), std::pair("par-", "172.33.0.")}) {
        const std::string address = absl::StrCat(network, i);
        agents_.push_back(std::make_unique<FakeAgent>(absl::StrCat(city, i), address.c_str()));
        EXPECT_TRUE(agents_.back()->Join(fleet_).ok());
      }
    }
  }
  std::string Fired() {
    const std::string id = Begin();
    t0_ = ControllerTime(clock_.Now().time_since_epoch() + milliseconds(500));
    Fire(id);
    for (const auto& agent : agents_) agent->AnswerArmed(*coordinator_, id);
    return id;
  }
  // A probe every 600 ms on every direction that is probed; those between the cities are lost from 5 s to 15 s.
  // `leaks`: those of one direction are not.
  void ReportAll(bool leaks) {
    for (const auto& [node, peers] : *fleet_.Probed()) {
      v1::Observation observation;
      for (const NodeName& peer : peers) {
        const bool cut = node.text().substr(0, 3) != peer.text().substr(0, 3);
        for (Duration at = -seconds(3); at < kLength; at += milliseconds(600)) {
          const Duration start = (t0_ + at).time_since_epoch() / milliseconds(100) * milliseconds(100);
          Fill(*observation.add_windows(), peer.text(), start).set_sent(1);
          if (cut && at >= seconds(5) && at < seconds(15) && !leaks) continue;
          Fill(*observation.add_windows(), peer.text(), start).set_received(1);
        }
        if (cut) leaks = false;
      }
      coordinator_->OnObservation(node, observation);
    }
  }
  v1::Run Ended(const std::string& id) {
    Pass(kLength + milliseconds(600) + kSettle);
    for (const auto& agent : agents_) agent->ReportEnd(*coordinator_, id, v1::NODE_END_COMPLETED, 1);
    End(id, v1::NODE_END_COMPLETED);
    Pass(seconds(1));
    return Get(id);
  }

  std::vector<std::unique_ptr<FakeAgent>> agents_;
  ControllerTime t0_;
};

TEST_F(SampledRunTest, IsVerifiedWhereTheSampleAgreesAndSaysSo) {
  const std::string id = Fired();
  ReportAll(/*leaks=*/false);
  const v1::Run run = Ended(id);
  EXPECT_EQ(run.outcome(), v1::OUTCOME_VERIFIED) << run.summary();
  EXPECT_THAT(run.warnings(), Contains(HasSubstr("of 3540 are, sampled over all groups")));
  EXPECT_THAT(run.summary(), HasSubstr(" of 10620 edges"));
  ASSERT_THAT(run.stages(), SizeIs(3));
  for (const v1::StageVerdict& stage : run.stages()) {
    EXPECT_EQ(static_cast<std::uint64_t>(stage.edges_size()) + stage.unprobed_edges(), 60u * 59u);
    EXPECT_GE(stage.edges_size(), 60 * 20);
  }
}

TEST_F(SampledRunTest, OneProbedDirectionThatLeaksIsEnough) {
  const std::string id = Fired();
  ReportAll(/*leaks=*/true);
  const v1::Run run = Ended(id);
  EXPECT_EQ(run.outcome(), v1::OUTCOME_NOT_VERIFIED);
  EXPECT_THAT(run.summary(), HasSubstr("planned cut"));
}

TEST_F(SampledRunTest, DirectionsThatAreProbedOnlySinceItBeganAreNotJudgedInABaselineBeforeThat) {
  // One of London and one of Paris that do not probe each other yet.
  const NodeName lon("lon-2");
  std::string par;
  for (const auto& agent : agents_) {
    const bool probed = fleet_.Probed()->at(lon).contains(agent->name());
    if (agent->name().text().starts_with("par") && !probed) par = agent->name().text();
  }
  const std::string id = Begin(absl::StrCat("name: one\ngroups:\n  a: {nodes: [lon-2]}\n  b: {nodes: [", par,
                                            "]}\nsteps:\n  - {at: 0s, for: 10s, name: cut, partition: [a, b]}"));
  t0_ = ControllerTime(clock_.Now().time_since_epoch() + milliseconds(500));
  for (const auto& agent : agents_) {
    if (agent->name() == lon || agent->name().text() == par) agent->AnswerArmed(*coordinator_, id);
  }
  Pass(kLength + milliseconds(600) + kSettle);
  const v1::Run run = Get(id);
  ASSERT_THAT(run.stages(), SizeIs(3));
  const auto judged = [&](int stage) {
    return std::ranges::any_of(run.stages(stage).edges(), [&](const v1::EdgeVerdict& edge) {
      return edge.from() == lon.text() && edge.to() == par;
    });
  };
  EXPECT_FALSE(judged(0));
  EXPECT_TRUE(judged(1));
}

}  // namespace
}  // namespace faultline
