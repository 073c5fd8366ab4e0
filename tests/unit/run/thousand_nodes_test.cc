// What many nodes do at the same time: come back, lie, die.

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Beside the two of the harness.
constexpr int kNodes = 1000;

class ThousandNodesTest : public CoordinatorTest {
 protected:
  // What a run's nodes tell is stored as seldom as it takes long; on a clock that stands still, each time.
  ThousandNodesTest() { clock_.MoveWithEachReading(std::chrono::microseconds(10)); }

  static std::unique_ptr<FakeAgent> Agent(int number, std::uint64_t incarnation = 1) {
    const std::string address =
        absl::StrCat(number % 2 == 0 ? "172.32." : "172.33.", 10 + number / 256, ".", number % 256);
    return std::make_unique<FakeAgent>(absl::StrCat("node-", number), address.c_str(), incarnation);
  }
  void JoinAll(int nodes = kNodes) {
    for (int i = 0; i < nodes; ++i) {
      agents_.push_back(Agent(i));
      EXPECT_TRUE(agents_.back()->Join(fleet_).ok());
      coordinator_->OnJoin(agents_.back()->name(), {});
    }
    coordinator_->Advance();
  }
  std::string Fired() {
    const std::string id = Begin();
    Fire(id);
    for (const auto& agent : agents_) agent->AnswerArmed(*coordinator_, id);
    return id;
  }
  void Lose(FakeAgent& agent) {
    agent.Leave(fleet_);
    coordinator_->OnLeave(agent.name());
  }

  std::vector<std::unique_ptr<FakeAgent>> agents_;
};

TEST_F(ThousandNodesTest, ARunOnWhichTenDieEndsHealedAndSaysWhoAndWhen) {
  JoinAll();
  const std::string id = Fired();
  ASSERT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
  // Ten die, in order of their moments.
  std::mt19937 random(7);
  std::set<int> dead;
  while (dead.size() < 10) dead.insert(static_cast<int>(random() % kNodes));
  for (const int node : dead) {
    Pass(milliseconds(100 + random() % 1500));
    Lose(*agents_[static_cast<std::size_t>(node)]);
  }
  Pass(kLength);
  for (int i = 0; i < kNodes; ++i) {
    if (!dead.contains(i)) agents_[static_cast<std::size_t>(i)]->ReportEnd(*coordinator_, id, v1::NODE_END_COMPLETED);
  }
  End(id, v1::NODE_END_COMPLETED);
  // Their leases have ended what they held.
  Pass(seconds(20));
  const v1::Run run = Get(id);
  EXPECT_EQ(run.state(), v1::RUN_STATE_ENDED);
  std::set<int> vanished;
  for (const v1::NodeRun& part : run.nodes()) {
    if (part.outcome().end() == v1::NODE_END_COMPLETED) continue;
    EXPECT_EQ(part.outcome().end(), v1::NODE_END_VANISHED);
    EXPECT_TRUE(absl::StartsWith(part.outcome().detail(), "its session ended ")) << part.outcome().detail();
    EXPECT_TRUE(absl::EndsWith(part.outcome().detail(), " after T0"));
    int number = -1;
    ASSERT_EQ(sscanf(part.node().c_str(), "node-%d", &number), 1);
    vanished.insert(number);
    EXPECT_THAT(run.summary(), HasSubstr(absl::StrCat(part.node(), " (vanished: ", part.outcome().detail(), ")")));
  }
  EXPECT_EQ(vanished, dead);
  EXPECT_THAT(events_.Of(v1::EVENT_KIND_NODE_LOST), SizeIs(dead.size()));
}

TEST_F(ThousandNodesTest, WhoDiedAndCameBackIsNotSaidToBeLost) {
  JoinAll(20);
  const std::string id = Fired();
  Pass(seconds(1));
  Lose(*agents_[3]);
  Pass(seconds(1));
  ASSERT_TRUE(agents_[3]->Join(fleet_).ok());
  coordinator_->OnJoin(agents_[3]->name(), {id});
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  Pass(seconds(20));
  const v1::Run run = Get(id);
  for (const v1::NodeRun& part : run.nodes()) EXPECT_EQ(part.outcome().detail(), "") << part.node();
}

// The controller was restarted under them: 94 in 100 come at once, 5 later, and one tells what is not true.
TEST_F(ThousandNodesTest, AllComeBackThoughSomeAreSlowAndSomeLie) {
  std::vector<std::unique_ptr<FakeAgent>> slow;
  std::vector<std::unique_ptr<FakeAgent>> liars;
  for (int i = 0; i < kNodes; ++i) {
    if (i % 100 == 50) {
      liars.push_back(Agent(i));
      continue;
    }
    auto& where = i % 20 == 1 ? slow : agents_;
    where.push_back(Agent(i));
    if (i % 20 == 1) continue;
    EXPECT_TRUE(agents_.back()->Join(fleet_).ok());
    coordinator_->OnJoin(agents_.back()->name(), {});
  }
  coordinator_->Advance();
  for (std::size_t i = 0; i < liars.size(); ++i) {
    v1::NodeInfo& info = liars[i]->info();
    if (i % 3 == 0) info.set_name("node-2");  // It is another's.
    if (i % 3 == 1) info.mutable_addresses(0)->set_address("three bytes too many");
    if (i % 3 == 2) info.set_name("node 2; no name");
    if (i % 3 == 0) info.set_incarnation(99);
    EXPECT_FALSE(liars[i]->Join(fleet_).ok());
  }
  Pass(seconds(3));
  for (const auto& agent : slow) {
    EXPECT_TRUE(agent->Join(fleet_).ok());
    coordinator_->OnJoin(agent->name(), {});
  }
  Pass(seconds(1));
  EXPECT_THAT(fleet_.ConnectedNodes(), SizeIs(agents_.size() + slow.size() + 2));
  EXPECT_THAT(events_.Of(v1::EVENT_KIND_NODE_LOST), IsEmpty());
  // Nobody is told more often whom to probe than there is something new for it.
  for (const auto& agent : slow) EXPECT_THAT(agent->Take(v1::SessionResponse::kProbeConfig), SizeIs(1));
}

// What is told of the mesh must not grow with the square of the fleet, though it is made anew at every join.
TEST_F(ThousandNodesTest, ANodeThatComesIsNoNewsToMostOthers) {
  constexpr int kCrowd = 120;
  // To draw it takes no time, so that none passes over a node that has come.
  clock_.MoveWithEachReading(Duration(0));
  std::size_t told = 0;
  for (int i = 0; i < kCrowd; ++i) {
    agents_.push_back(Agent(i));
    EXPECT_TRUE(agents_.back()->Join(fleet_).ok());
    coordinator_->Advance();
  }
  for (const auto& agent : agents_) agent->Take(v1::SessionResponse::kProbeConfig);
  for (int i = kCrowd; i < kCrowd + 10; ++i) {
    agents_.push_back(Agent(i));
    EXPECT_TRUE(agents_.back()->Join(fleet_).ok());
    coordinator_->Advance();
  }
  for (const auto& agent : agents_) told += agent->Take(v1::SessionResponse::kProbeConfig).size();
  EXPECT_LT(told, 10U * kCrowd / 2);
}

TEST_F(ThousandNodesTest, AControllerThatDoesNotKeepUpDropsObservationsAndHearsAnswers) {
  const std::string id = Begin();
  v1::Observation late;
  late.set_number(1);
  Fill(*late.add_windows(), "par-1", clock_.Now().time_since_epoch() / milliseconds(100) * milliseconds(100))
      .set_sent(1);
  coordinator_->OnObservation(london_.name(), late, clock_.Now() - milliseconds(1100));
  EXPECT_EQ(fleet_.ObservationsTaken(london_.name()), 0U);
  Fire(id);
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_RUNNING);
  late.set_number(2);
  coordinator_->OnObservation(london_.name(), late, clock_.Now() - milliseconds(1100));
  const v1::Run run = Get(id);
  EXPECT_THAT(run.warnings(), Contains(HasSubstr("lon-1: some of its observations were dropped by the controller")));
  // Told once.
  EXPECT_THAT(events_.Of(v1::EVENT_KIND_OBSERVATIONS_DROPPED), SizeIs(1));
  late.set_number(3);
  coordinator_->OnObservation(london_.name(), late, clock_.Now());
  EXPECT_EQ(fleet_.ObservationsTaken(london_.name()), 3U);
}

}  // namespace
}  // namespace faultline
