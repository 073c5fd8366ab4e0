#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "controller/plan/plan_yaml.h"
#include "controller/run/coordinator.h"
#include "controller/schedule/freeze_book.h"
#include "controller/store/schedule_store.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/run/fake_agent.h"
#include "tests/unit/run/fake_audit.h"
#include "tests/unit/run/fake_events.h"
#include "tests/unit/run/fake_host.h"

namespace faultline {

// What follows the name of a plan: a cut of ten seconds.
inline constexpr char kHead[] = R"yaml(
groups:
  london: {cidrs: [172.32.0.0/16]}
  paris: {cidrs: [172.33.0.0/16]}
steps:
  - {at: 5s, for: 10s, name: cut, partition: [london, paris]}
)yaml";
inline const std::string kPlan = std::string("\nname: split") + kHead;
// The step's end and the cooldown.
inline constexpr Duration kLength = std::chrono::seconds(18);

class CoordinatorTest : public ::testing::Test {
 protected:
  // `most`: windows that are remembered.
  explicit CoordinatorTest(std::size_t most = ProbeLog::kMost) : probes_(std::chrono::milliseconds(100), most) {
    Start();
    for (FakeAgent* agent : {&london_, &paris_}) EXPECT_TRUE(agent->Join(fleet_).ok());
  }
  ~CoordinatorTest() override {
    coordinator_.reset();
    store_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  // As a controller's process does that found this folder.
  void Start() {
    coordinator_.reset();
    freezes_.reset();
    schedules_.reset();
    permits_.reset();
    store_.reset();
    database_.reset();
    database_ = *Database::Open(folder_ + "/runs.sqlite");
    store_.emplace(*database_);
    schedules_.emplace(*database_);
    freezes_.emplace(*schedules_);
    EXPECT_TRUE(freezes_->Load().ok());
    permits_.emplace(*database_);
    policy_.emplace(policy_file_);
    EXPECT_TRUE(policy_->Read().ok());
    coordinator_.emplace(CoordinatorParts{.clock = clock_,
                                          .fleet = fleet_,
                                          .store = *store_,
                                          .probes = probes_,
                                          .host = host_,
                                          .freezes = *freezes_,
                                          .events = events_,
                                          .policy = *policy_,
                                          .permits = *permits_,
                                          .audit = audit_,
                                          .role_of = role_of_},
                         CoordinatorOptions{.lease = std::chrono::seconds(15),
                                            .allow_commands = allow_commands_,
                                            .settling = settling_,
                                            .tcp_probes = tcp_probes_});
    EXPECT_TRUE(coordinator_->Recover().ok());
  }

  static RunRequest Asked(const std::string& text) {
    const ParsedPlan parsed = ParsePlan(text);
    EXPECT_TRUE(parsed.errors.empty()) << JoinErrors(parsed.errors, "plan.yaml");
    return {.plan = parsed.plan, .plan_text = text, .file_name = "plan.yaml"};
  }
  std::string Begin(RunRequest request) {
    const auto id = coordinator_->Begin(std::move(request));
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or("");
  }
  std::string Begin(const std::string& text = kPlan) { return Begin(Asked(text)); }
  absl::Status BeginError(RunRequest request) { return coordinator_->Begin(std::move(request)).status(); }
  std::string BeginAndFire(const std::string& text = kPlan) {
    const std::string id = Begin(text);
    london_.AnswerArmed(*coordinator_, id);
    paris_.AnswerArmed(*coordinator_, id);
    return id;
  }
  // Both nodes arm, and let go.
  void Fire(const std::string& id) {
    for (FakeAgent* agent : {&london_, &paris_}) agent->AnswerArmed(*coordinator_, id);
  }
  void End(const std::string& id, v1::NodeEnd end = v1::NODE_END_RELEASED) {
    for (FakeAgent* agent : {&london_, &paris_}) agent->ReportEnd(*coordinator_, id, end);
    Pass(std::chrono::milliseconds(50));
  }
  void Pass(Duration time) {
    for (const MonotonicTime until = clock_.Now() + time; clock_.Now() < until;) {
      clock_.Advance(std::min<Duration>(std::chrono::milliseconds(50), until - clock_.Now()));
      coordinator_->Advance();
    }
  }
  bool IsHealed(const std::string& id) {
    return coordinator_->AwaitPoint(id, RunPoint::kHealed, Duration(0))->has_value();
  }
  v1::Run Get(const std::string& id) { return coordinator_->Await(id, 0, Duration(0))->run; }

  // Reports every probe window of [from, to) after T0 for both directions; those of [cut_from, cut_to) do not arrive.
  // `delay`: of those that do.
  void ReportProbes(
      Duration from, Duration to, Duration cut_from, Duration cut_to,
      const std::function<Duration(Duration)>& delay = [](Duration) { return std::chrono::milliseconds(2); }) {
    const ControllerTime t0(clock_.Now().time_since_epoch() + std::chrono::milliseconds(500));
    for (Duration at = from; at < to; at += std::chrono::milliseconds(200)) {
      const Duration start =
          (t0 + at).time_since_epoch() / std::chrono::milliseconds(100) * std::chrono::milliseconds(100);
      for (auto [sender, receiver] : {std::pair(&london_, &paris_), std::pair(&paris_, &london_)}) {
        v1::Observation sent;
        Fill(*sent.add_windows(), receiver->name().text(), start).set_sent(1);
        coordinator_->OnObservation(sender->name(), sent);
        if (at >= cut_from && at < cut_to) continue;
        v1::Observation received;
        v1::ProbeWindow& window = Fill(*received.add_windows(), sender->name().text(), start);
        window.set_received(1);
        *window.mutable_sum_delay() = EncodeDuration(delay(at));
        coordinator_->OnObservation(receiver->name(), received);
      }
    }
  }
  static v1::ProbeWindow& Fill(v1::ProbeWindow& window, const std::string& peer, Duration start) {
    window.set_peer(peer);
    window.set_family(v1::FAMILY_IPV4);
    *window.mutable_start() = EncodeDuration(start);
    return window;
  }

  std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  FakeClock clock_;
  FakeEvents events_;
  FakeAudit audit_;
  // Empty: there is no policy.
  std::string policy_file_;
  Fleet fleet_{{}, events_};
  ProbeLog probes_;
  FakeHost host_;
  bool allow_commands_ = true;
  std::function<Role(const std::string&)> role_of_ = [](const std::string&) { return Role::kViewer; };
  Duration settling_{0};
  bool tcp_probes_ = true;
  std::unique_ptr<Database> database_;
  std::optional<RunStore> store_;
  std::optional<ScheduleStore> schedules_;
  std::optional<FreezeBook> freezes_;
  std::optional<PermitStore> permits_;
  std::optional<PolicyBook> policy_;
  std::optional<Coordinator> coordinator_;
  FakeAgent london_{"lon-1", "172.32.4.2"};
  FakeAgent paris_{"par-1", "172.33.4.2"};
};

}  // namespace faultline
