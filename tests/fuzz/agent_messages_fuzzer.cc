// Any messages from an agent, in any order, while a run is in progress on it and on an honest one, and time passes: the
// controller keeps no node that it should not know, ends the run in time, and can tell of it in every form.

#include <optional>

#include "controller/plan/plan_yaml.h"
#include "controller/report/report_html.h"
#include "controller/report/run_events.h"
#include "controller/run/coordinator.h"
#include "controller/store/schedule_store.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/require.h"
#include "tests/unit/run/fake_agent.h"
#include "tests/unit/run/fake_audit.h"
#include "tests/unit/run/fake_events.h"
#include "tests/unit/run/fake_host.h"

namespace faultline {
namespace {

constexpr char kPlan[] = R"yaml(
name: split
groups:
  london: {cidrs: [172.32.0.0/16]}
  paris: {cidrs: [172.33.0.0/16]}
steps:
  - {at: 1s, for: 3s, name: cut, partition: [london, paris]}
  - {at: 5s, for: 3s, name: far, impair: {from: paris, to: london, delay: 80ms, loss: 1%}}
)yaml";

// Longer than the plan, its cooldown, and what a node that never answers is waited for.
constexpr Duration kEnough = std::chrono::seconds(60);

class Nowhere : public AgentLink {
 public:
  void Send(v1::SessionResponse) override {}
  void Close(absl::Status) override {}
};

// A controller with one honest node, lon-1, and one whose messages are the input's.
class Bed {
 public:
  Bed()
      : database_(*Database::Open(":memory:")),
        store_(*database_),
        schedules_(*database_),
        freezes_(schedules_),
        permits_(*database_) {
    FAULTLINE_REQUIRE(freezes_.Load().ok());
    coordinator_.emplace(
        CoordinatorParts{clock_, fleet_, store_, probes_, host_, freezes_, events_, policy_, permits_, audit_},
        CoordinatorOptions{.settling = Duration(0)});
    FAULTLINE_REQUIRE(coordinator_->Recover().ok());
    for (FakeAgent* agent : {&london_, &paris_}) FAULTLINE_REQUIRE(agent->Join(fleet_).ok());
    const absl::StatusOr<std::string> run =
        coordinator_->Begin({.plan = ParsePlan(kPlan).plan, .plan_text = kPlan, .file_name = "plan.yaml"});
    FAULTLINE_REQUIRE(run.ok());
    run_ = *run;
    london_.AnswerArmed(*coordinator_, run_);
  }

  void Take(const Frame& frame) {
    if (frame.kind < 128) return Pass(frame.kind * std::chrono::milliseconds(50));
    v1::SessionRequest message;
    if (message.ParseFromArray(frame.bytes.data(), static_cast<int>(frame.bytes.size()))) Take(message);
  }

  void Finish() {
    london_.ReportEnd(*coordinator_, run_, v1::NODE_END_COMPLETED);
    Pass(kEnough);
    FAULTLINE_REQUIRE(fleet_.Nodes().size() == 2);
    const absl::StatusOr<RunView> view = coordinator_->Await(run_, 0, Duration(0));
    FAULTLINE_REQUIRE(view.ok() && view->over);
    FAULTLINE_REQUIRE(view->run.nodes_size() == 2 && view->run.outcome() != v1::OUTCOME_UNSPECIFIED);
    FAULTLINE_REQUIRE(!RenderHtml(view->run, {}).empty());
    EventsOf(view->run, {});
    FAULTLINE_REQUIRE(store_.Get(run_).ok());
    coordinator_->Matrix();
  }

 private:
  void Take(const v1::SessionRequest& message) {
    const NodeName paris = paris_.name();
    switch (message.message_case()) {
      case v1::SessionRequest::kHello:
        return Join(message.hello());
      case v1::SessionRequest::kClockPing: {
        const absl::StatusOr<Duration> best = DecodeDuration(message.clock_ping().best_round_trip());
        if (best.ok()) fleet_.OnPing(paris, clock_.Now(), *best);
        return;
      }
      case v1::SessionRequest::kArmed:
        return coordinator_->OnArmed(paris, message.armed());
      case v1::SessionRequest::kRefused:
        return coordinator_->OnRefused(paris, message.refused());
      case v1::SessionRequest::kStepEvent:
        return coordinator_->OnStepEvent(paris, message.step_event());
      case v1::SessionRequest::kRunEnd:
        return coordinator_->OnRunEnd(paris, message.run_end());
      case v1::SessionRequest::kObservation:
        return coordinator_->OnObservation(paris, message.observation());
      case v1::SessionRequest::kForeignChange:
        return coordinator_->OnForeignChange(paris, message.foreign_change());
      case v1::SessionRequest::kCounters:
        return coordinator_->OnCounters(paris, message.counters());
      case v1::SessionRequest::kNodeUpdate:
        if (fleet_.Update(paris, message.node_update()).ok()) coordinator_->OnUpdate();
        return;
      case v1::SessionRequest::MESSAGE_NOT_SET:
        return;
    }
  }

  // A session may not speak for another node: its service sees to that.
  void Join(v1::Hello hello) {
    hello.mutable_node()->set_name(paris_.name().text());
    if (!fleet_.Join(hello.node(), link_, {}).ok()) return;
    coordinator_->OnJoin(paris_.name(), {hello.held_runs().begin(), hello.held_runs().end()});
  }

  void Pass(Duration time) {
    for (const MonotonicTime until = clock_.Now() + time; clock_.Now() < until;) {
      clock_.Advance(std::min<Duration>(std::chrono::milliseconds(500), until - clock_.Now()));
      coordinator_->Advance();
    }
  }

  FakeClock clock_;
  FakeEvents events_;
  Fleet fleet_{{.token = 1}, events_};
  ProbeLog probes_;
  FakeHost host_;
  const std::unique_ptr<Database> database_;
  RunStore store_;
  ScheduleStore schedules_;
  FreezeBook freezes_;
  const PolicyBook policy_;
  PermitStore permits_;
  FakeAudit audit_;
  std::optional<Coordinator> coordinator_;
  FakeAgent london_{"lon-1", "172.32.4.2"};
  FakeAgent paris_{"par-1", "172.33.4.2"};
  const std::shared_ptr<AgentLink> link_ = std::make_shared<Nowhere>();
  std::string run_;
};

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  faultline::FeedFrames(faultline::Bed(), data, size);
  return 0;
}
