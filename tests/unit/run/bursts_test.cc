#include "common/timeline_codec.h"
#include "controller/report/boundary_plan.h"
#include "controller/report/run_figures.h"
#include "controller/report/verdict.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// One way, so that London has nothing to install, but probes to send.
constexpr char kOneWay[] = R"yaml(
name: cut
groups:
  london: {nodes: [lon-1]}
  paris: {nodes: [par-1]}
steps:
  - {at: 5s, for: 10s, name: cut, block: {from: london, to: paris}}
)yaml";

class BurstsTest : public CoordinatorTest {
 protected:
  std::vector<v1::SessionResponse> Told(FakeAgent& agent) { return agent.Take(v1::SessionResponse::kProbeBursts); }
  std::string Fired() {
    const std::string id = Begin(kOneWay);
    paris_.AnswerArmed(*coordinator_, id);
    return id;
  }
  // Of the burst, one probe every 10 ms; those sent in its milliseconds [from, to) arrive.
  void ReportBurst(const std::string& id, std::uint32_t number, std::size_t from, std::size_t to) {
    std::string sent(170, '\0');
    std::string received(170, '\0');
    for (std::size_t i = 0; i < 1300; i += 10) {
      for (std::string* marks : {&sent, &received}) {
        if (marks == &sent || (i >= from && i < to)) (*marks)[i / 8] = static_cast<char>((*marks)[i / 8] | 1 << i % 8);
      }
    }
    for (auto [agent, peer] : {std::pair(&london_, &paris_), std::pair(&paris_, &london_)}) {
      v1::Observation observation;
      v1::BurstMarks& marks = *observation.add_bursts();
      marks.set_run_id(id);
      marks.set_burst(number);
      marks.set_peer(peer->name().text());
      marks.set_family(v1::FAMILY_IPV4);
      agent == &london_ ? marks.set_sent(sent) : marks.set_received(received);
      coordinator_->OnObservation(agent->name(), observation);
    }
  }
  // ReportProbes has no least delays.
  void ReportDelay(Duration at) {
    const Duration start =
        (ControllerTime(clock_.Now().time_since_epoch()) + milliseconds(500) + at).time_since_epoch();
    v1::Observation observation;
    v1::ProbeWindow& window = Fill(*observation.add_windows(), "lon-1", start / milliseconds(100) * milliseconds(100));
    window.set_received(1);
    *window.mutable_min_delay() = EncodeDuration(milliseconds(2));
    coordinator_->OnObservation(paris_.name(), observation);
  }
};

TEST_F(BurstsTest, NodesAreToldWhenTheRunIsFiredAlsoThoseWithoutAPart) {
  const std::string id = Begin(kOneWay);
  EXPECT_THAT(Told(london_), IsEmpty());
  paris_.AnswerArmed(*coordinator_, id);
  const ControllerTime t0(clock_.Now().time_since_epoch() + milliseconds(500));
  const auto london = Told(london_);
  ASSERT_THAT(london, SizeIs(1));
  const v1::ProbeBursts& bursts = london[0].probe_bursts();
  EXPECT_EQ(bursts.run_id(), id);
  ASSERT_EQ(bursts.bursts_size(), 2);
  EXPECT_EQ(DecodeDuration(bursts.bursts(0).start()).value(), (t0 + seconds(5) - kBurstBefore).time_since_epoch());
  EXPECT_EQ(bursts.bursts(0).to(0).peer(), "par-1");
  const auto paris = Told(paris_);
  ASSERT_THAT(paris, SizeIs(1));
  EXPECT_EQ(paris[0].probe_bursts().bursts(0).from(0).peer(), "lon-1");
}

TEST_F(BurstsTest, AnEndedRunsBurstsAreOver) {
  const std::string id = Fired();
  Told(london_);
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  const auto told = Told(london_);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].probe_bursts().run_id(), id);
  EXPECT_EQ(told[0].probe_bursts().bursts_size(), 0);
}

TEST_F(BurstsTest, WhenTheFaultTookAndLiftedIsInTheRecordWithItsStages) {
  const std::string id = Fired();
  ReportProbes(Duration(0), kLength, seconds(5), seconds(15));
  ReportDelay(seconds(5) - milliseconds(200));
  ReportDelay(seconds(15) + milliseconds(200));
  ReportBurst(id, 0, 0, 311);
  ReportBurst(id, 1, 311, 1300);
  Pass(milliseconds(500) + seconds(5) + kSettle + milliseconds(100));
  ASSERT_THAT(Get(id).stages(), SizeIs(1));
  EXPECT_THAT(Get(id).observed_transitions(), IsEmpty());
  Pass(kLength - seconds(5) + kSettle);
  const v1::Run run = Get(id);
  ASSERT_THAT(run.stages(), SizeIs(3));
  ASSERT_THAT(run.observed_transitions(), SizeIs(2));
  const StepFigures step = FiguresOf(run)[0];
  // 310 ms since the burst's start the last that arrived was sent, 320 ms the first that did not; 2 ms on the way.
  EXPECT_EQ(step.observed_fired->within, milliseconds(321 + 2) - kBurstBefore);
  EXPECT_EQ(step.observed_fired->resolution, milliseconds(11));
  EXPECT_EQ(step.observed_healed->within, milliseconds(321 + 2) - kBurstBefore);
  EXPECT_EQ(step.observed_healed->seen, 1u);
}

}  // namespace
}  // namespace faultline
