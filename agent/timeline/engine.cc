#include "agent/timeline/engine.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "agent/timeline/run_plan.h"
#include "common/duration.h"
#include "common/hold.h"
#include "common/status.h"

namespace faultline {
namespace {

// The kernel's own end of a step or phase comes this much after the engine's, which is the exact one.
constexpr Duration kGateGrace = std::chrono::milliseconds(100);

}  // namespace

Engine::Engine(Kernel& kernel, const Clock& clock, EngineListener& listener, Limits limits)
    : kernel_(kernel), clock_(clock), listener_(listener), limits_(limits) {}

absl::Status Engine::Arm(const Timeline& timeline, const Program& program) {
  if (runs_.contains(timeline.run)) {
    return absl::AlreadyExistsError(absl::StrCat("run ", timeline.run.text(), " is already held"));
  }
  FAULTLINE_RETURN_IF_ERROR(CheckLimits(timeline, runs_.size(), limits_));
  if (runs_.empty()) {
    if (residue_) residue_ = !kernel_.Reset().ok();
    before_ = kernel_.Picture();
  }
  FAULTLINE_RETURN_IF_ERROR(kernel_.Install(program));
  Run& run = runs_[timeline.run];
  run.timeline = timeline;
  if (!timeline.holds.empty()) Retime(0, kLongestHold, run.timeline);
  run.lease_deadline = clock_.Now() + timeline.lease;
  return absl::OkStatus();
}

absl::Status Engine::Fire(const RunId& run, MonotonicTime t0) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return absl::NotFoundError(absl::StrCat("run ", run.text(), " is not armed"));
  if (found->second.t0) return absl::FailedPreconditionError(absl::StrCat("run ", run.text(), " has been fired"));
  const Duration lease = found->second.timeline.lease;
  // What goes on without its controller would wait for it however long.
  if (t0 > clock_.Now() + lease) {
    return absl::FailedPreconditionError(absl::StrCat("run ", run.text(), " is to begin in ",
                                                      FormatDuration(t0 - clock_.Now()), ", later than its lease of ",
                                                      FormatDuration(lease), " allows"));
  }
  found->second.t0 = t0;
  AdvanceRun(found->second);
  TidyUp();
  return absl::OkStatus();
}

absl::Status Engine::Proceed(const RunId& run, std::size_t hold, Duration length) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return absl::NotFoundError(absl::StrCat("run ", run.text(), " is not held"));
  Run& held = found->second;
  if (hold >= held.timeline.holds.size() || length < Duration(0) || length > kLongestHold) {
    return absl::InvalidArgumentError(
        absl::StrCat("hold ", hold, " of ", held.timeline.holds.size(), " cannot last ", FormatDuration(length)));
  }
  if (hold != held.passed) return absl::OkStatus();
  Retime(hold, length - kLongestHold, held.timeline);
  if (++held.passed < held.timeline.holds.size()) Retime(held.passed, kLongestHold, held.timeline);
  AdvanceRun(held);
  TidyUp();
  return absl::OkStatus();
}

void Engine::Renew(const RunId& run, MonotonicTime heard) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return;
  const MonotonicTime deadline = heard + found->second.timeline.lease;
  if (deadline <= found->second.lease_deadline) return;
  found->second.lease_deadline = deadline;
  AdvanceRun(found->second);
}

absl::Status Engine::Attach(const std::string& device) {
  absl::Status first;
  for (const auto& [id, run] : runs_) {
    first.Update(WithContext(kernel_.Attach(id, device), absl::StrCat("run ", id.text())));
  }
  return first;
}

void Engine::Tell(const ForeignChange& change) {
  for (const auto& [id, run] : runs_) {
    if (!kernel_.Concerns(id, change)) continue;
    const auto at = run.t0 ? std::optional<Duration>(clock_.Now() - *run.t0) : std::nullopt;
    listener_.OnForeignChange(id, at, change.text);
  }
}

std::map<RunId, std::vector<RuleCounters>> Engine::ReadCounters() {
  std::map<RunId, std::vector<RuleCounters>> counters;
  const std::optional<MonotonicTime> deadline = NextDeadline();
  if (!deadline || *deadline < clock_.Now() + kTooClose) return counters;
  for (const auto& [id, run] : runs_) {
    if (!run.t0 || clock_.Now() < *run.t0) continue;
    if (absl::StatusOr<std::vector<RuleCounters>> read = kernel_.ReadCounters(id); read.ok()) {
      counters[id] = *std::move(read);
    }
  }
  return counters;
}

absl::Status Engine::End(const RunId& run, RunEnd end, absl::string_view detail) {
  if (!runs_.contains(run)) return absl::NotFoundError(absl::StrCat("run ", run.text(), " is not held"));
  Finish(run, end, std::string(detail));
  TidyUp();
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> Engine::EndAll(RunEnd end, absl::string_view detail) {
  const std::vector<RunId> held = Held();
  for (const RunId& run : held) Finish(run, end, std::string(detail));
  TidyUp();
  if (residue_) {
    const absl::Status reset = kernel_.Reset();
    residue_ = !reset.ok();
    FAULTLINE_RETURN_IF_ERROR(reset);
  }
  return held.size();
}

void Engine::Advance() {
  for (const RunId& id : Held()) AdvanceRun(runs_.at(id));
}

void Engine::TidyUp() {
  if (ended_.empty()) return;
  std::vector<std::pair<RunId, RunReport>> reports;
  for (Ended& ended : std::exchange(ended_, {})) reports.emplace_back(ended.run.timeline.run, TakeApart(ended));
  if (residue_ && runs_.empty()) residue_ = !kernel_.Reset().ok();
  ResidueProof proof = NotProven("another run went on here");
  if (runs_.empty()) {
    proof = Prove(before_, kernel_.Picture());
    residue_ = residue_ || proof.finding == ResidueProof::Finding::kLeft;
    before_ = KernelPicture();
  }
  for (auto& [id, report] : reports) {
    report.residue = proof;
    listener_.OnRunEnd(id, report);
  }
}

std::optional<MonotonicTime> Engine::NextDeadline() const {
  std::optional<MonotonicTime> next;
  for (const auto& [id, run] : runs_) {
    const MonotonicTime deadline = NextDeadline(run);
    next = next ? std::min(*next, deadline) : deadline;
  }
  return next;
}

std::vector<RunId> Engine::Held() const {
  std::vector<RunId> held;
  for (const auto& [id, run] : runs_) held.push_back(id);
  return held;
}

EngineStatus Engine::status() const {
  EngineStatus status{.runs = {}, .residue = residue_};
  for (const auto& [id, run] : runs_) status.runs.push_back(StatusOf(run, clock_.Now()));
  return status;
}

Duration Engine::Foreseen(const Run& run, Duration moment, MonotonicTime now) {
  if (run.passed == run.timeline.holds.size()) return moment;
  const Duration hold = run.timeline.holds[run.passed];
  if (moment < hold) return moment;
  return moment - kLongestHold + std::max(now - *run.t0 - hold, Duration(0));
}

void Engine::AdvanceRun(Run& run) {
  const RunId id = run.timeline.run;
  const MonotonicTime now = clock_.Now();
  if (RenewsItself(run) && now >= SelfRenewal(run)) run.lease_deadline = now + run.timeline.lease;
  if (now >= run.lease_deadline) {
    Finish(id, RunEnd::kLeaseLost, "");
    return;
  }
  if (!run.t0) return;
  if (now - *run.t0 >= run.timeline.length) {
    Finish(id, RunEnd::kCompleted, "");
    return;
  }
  if (Foreseen(run, run.timeline.length, now) > limits_.max_duration) {
    Finish(id, RunEnd::kFailed,
           absl::StrCat("it was held for so long that it would exceed this node's guard.max_duration of ",
                        FormatDuration(limits_.max_duration)));
    return;
  }
  absl::Status status = Reconcile(run, now);
  if (status.ok()) status = RenewGates(run, now);
  if (!status.ok()) Finish(id, RunEnd::kFailed, std::string(status.message()));
}

// Makes the kernel equal to this moment of the timeline. Lanes first, so that no gate opens on an old shape.
absl::Status Engine::Reconcile(Run& run, MonotonicTime now) {
  FAULTLINE_RETURN_IF_ERROR(ReconcileLanes(run, now - *run.t0));
  FAULTLINE_RETURN_IF_ERROR(ReconcileGates(run, now));
  ReportSteps(run, now);
  return absl::OkStatus();
}

absl::Status Engine::ReconcileLanes(Run& run, Duration elapsed) {
  std::map<StepIndex, std::size_t> positions = RampPositions(run.timeline, elapsed);
  std::vector<LaneChange> changes;
  for (const auto& [index, position] : positions) {
    const auto known = run.ramps.find(index);
    if (position == (known == run.ramps.end() ? 0 : known->second)) continue;
    const Step& step = StepAt(run.timeline, index);
    changes.push_back({index, RampValue(std::get<Impairment>(step.effect), *step.ramp, position)});
  }
  if (!changes.empty()) FAULTLINE_RETURN_IF_ERROR(kernel_.Shape(run.timeline.run, changes));
  run.ramps = std::move(positions);
  return absl::OkStatus();
}

// Opens and closes what differs in one batch.
absl::Status Engine::ReconcileGates(Run& run, MonotonicTime now) {
  const std::map<StepIndex, Duration> acting = ActingSteps(run.timeline, now - *run.t0);
  std::vector<StepIndex> close;
  std::vector<GateOpening> open;
  for (const auto& [step, deadline] : run.open) {
    if (!acting.contains(step)) close.push_back(step);
  }
  for (const auto& [step, until] : acting) {
    if (!run.open.contains(step)) open.push_back({step, GateDeadline(run, until) - now});
  }
  if (close.empty() && open.empty()) return absl::OkStatus();
  FAULTLINE_RETURN_IF_ERROR(kernel_.Switch(run.timeline.run, close, open));
  for (const StepIndex step : close) run.open.erase(step);
  for (const GateOpening& opening : open) run.open[opening.step] = now + opening.timeout;
  return absl::OkStatus();
}

void Engine::ReportSteps(Run& run, MonotonicTime woken) {
  std::set<StepIndex> active = ActiveSteps(run.timeline, woken - *run.t0);
  active.swap(run.active);
  for (const StepIndex step : active) {
    if (!run.active.contains(step)) Report(run, step, /*fired=*/false, woken);
  }
  for (const StepIndex step : run.active) {
    if (!active.contains(step)) Report(run, step, /*fired=*/true, woken);
  }
}

// Moves the kernel's own deadlines on with the lease; a deadline at the end of a step or phase stays.
absl::Status Engine::RenewGates(Run& run, MonotonicTime now) {
  const std::map<StepIndex, Duration> acting = ActingSteps(run.timeline, now - *run.t0);
  std::vector<GateOpening> renewals;
  for (const auto& [step, deadline] : run.open) {
    const MonotonicTime wanted = GateDeadline(run, acting.at(step));
    if (wanted > deadline) renewals.push_back({step, wanted - now});
  }
  if (renewals.empty()) return absl::OkStatus();
  FAULTLINE_RETURN_IF_ERROR(kernel_.Switch(run.timeline.run, {}, renewals));
  for (const GateOpening& renewal : renewals) run.open[renewal.step] = now + renewal.timeout;
  return absl::OkStatus();
}

// Traffic flows again before the rules are taken apart. When that fails, taking them apart still heals.
void Engine::Finish(const RunId& id, RunEnd end, std::string detail) {
  const MonotonicTime woken = clock_.Now();
  Ended& ended = ended_.emplace_back(
      Ended{.run = std::move(runs_.at(id)), .end = end, .detail = std::move(detail), .status = absl::OkStatus()});
  runs_.erase(id);
  std::vector<StepIndex> close;
  for (const auto& [step, deadline] : ended.run.open) close.push_back(step);
  if (!close.empty()) ended.status = kernel_.Switch(id, close, {});
  if (!ended.status.ok()) return;
  for (const StepIndex step : ended.run.active) Report(ended.run, step, /*fired=*/false, woken);
}

RunReport Engine::TakeApart(Ended& ended) {
  const RunId& id = ended.run.timeline.run;
  RunReport report{
      .end = ended.end, .detail = std::move(ended.detail), .at = std::nullopt, .counters = {}, .residue = {}};
  if (absl::StatusOr<std::vector<RuleCounters>> counters = kernel_.ReadCounters(id); counters.ok()) {
    report.counters = *std::move(counters);
  }
  ended.status.Update(kernel_.Remove(id));
  residue_ = residue_ || !ended.status.ok();
  if (!ended.status.ok() && report.end != RunEnd::kFailed) {
    report.end = RunEnd::kFailed;
    report.detail = absl::StrCat("healing: ", ended.status.message());
  }
  if (ended.run.t0) report.at = clock_.Now() - *ended.run.t0;
  return report;
}

MonotonicTime Engine::GateDeadline(const Run& run, Duration until) {
  return std::min(run.lease_deadline, *run.t0 + until + kGateGrace);
}

bool Engine::RenewsItself(const Run& run) {
  return run.t0 && run.timeline.on_controller_loss == ControllerLoss::kContinue;
}

MonotonicTime Engine::SelfRenewal(const Run& run) { return run.lease_deadline - run.timeline.lease * 2 / 3; }

MonotonicTime Engine::NextDeadline(const Run& run) const {
  if (!run.t0) return run.lease_deadline;
  const std::optional<Duration> change = NextChange(run.timeline, clock_.Now() - *run.t0);
  const MonotonicTime next = change ? *run.t0 + *change : clock_.Now();
  return std::min(next, RenewsItself(run) ? SelfRenewal(run) : run.lease_deadline);
}

EngineStatus::Run Engine::StatusOf(const Run& run, MonotonicTime now) const {
  EngineStatus::Run status{.id = run.timeline.run,
                           .fired = run.t0.has_value(),
                           .lease = run.timeline.lease,
                           .lease_left = run.lease_deadline - now,
                           .steps = {}};
  std::map<StepIndex, RuleCounters> counters;
  if (run.t0) {
    for (const RuleCounters& counted : kernel_.ReadCounters(status.id).value_or(std::vector<RuleCounters>())) {
      counters[counted.step] = counted;
    }
  }
  for (const Step& step : run.timeline.steps) {
    if (step.rules.empty()) continue;
    EngineStatus::Step& out = status.steps.emplace_back();
    out.index = step.index;
    out.name = step.name;
    if (run.active.contains(step.index)) out.left = *run.t0 + Foreseen(run, step.end(), now) - now;
    if (const auto gate = run.open.find(step.index); gate != run.open.end()) out.gate_left = gate->second - now;
    if (const auto counted = counters.find(step.index); counted != counters.end()) out.counters = counted->second;
  }
  return status;
}

void Engine::Report(const Run& run, StepIndex step, bool fired, MonotonicTime woken) {
  const Step& planned = StepAt(run.timeline, step);
  const MonotonicTime now = clock_.Now();
  listener_.OnStep(run.timeline.run, StepReport{.step = step,
                                                .fired = fired,
                                                .planned = Foreseen(run, fired ? planned.at : planned.end(), now),
                                                .actual = now - *run.t0,
                                                .kernel_time = now - woken});
}

}  // namespace faultline
