#include "tests/fakes/fake_kernel.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr Duration kShortestTimeout = std::chrono::milliseconds(100);

IpAddress Address(absl::string_view text) { return *IpAddress::Parse(text); }

absl::string_view KindName(FakeKernel::Operation::Kind kind) {
  switch (kind) {
    case FakeKernel::Operation::Kind::kProbe:
      return "probe";
    case FakeKernel::Operation::Kind::kInterfaces:
      return "interfaces";
    case FakeKernel::Operation::Kind::kReset:
      return "reset";
    case FakeKernel::Operation::Kind::kInstall:
      return "install";
    case FakeKernel::Operation::Kind::kSwitch:
      return "switch";
    case FakeKernel::Operation::Kind::kShape:
      return "shape";
    case FakeKernel::Operation::Kind::kAttach:
      return "attach";
    case FakeKernel::Operation::Kind::kReadCounters:
      return "read counters";
    case FakeKernel::Operation::Kind::kRemove:
      return "remove";
  }
  return "?";
}

Program::StepRules* FindStep(Program& program, StepIndex step) {
  const auto found = std::find_if(program.steps.begin(), program.steps.end(),
                                  [step](const Program::StepRules& rules) { return rules.index == step; });
  return found == program.steps.end() ? nullptr : &*found;
}

}  // namespace

std::string FakeKernel::Operation::ToString() const {
  std::string text(KindName(kind));
  if (!run.empty()) absl::StrAppend(&text, " ", run.text());
  for (const StepIndex step : close) absl::StrAppend(&text, " close ", step);
  for (const GateOpening& opening : open) {
    absl::StrAppend(&text, " open ", opening.step, " ", FormatDuration(opening.timeout));
  }
  for (const LaneChange& change : changes) {
    absl::StrAppend(&text, " ", change.step, " delay ", FormatDuration(change.impairment.delay));
  }
  if (!device.empty()) absl::StrAppend(&text, " ", device);
  if (!status.ok()) text += " (failed)";
  return text;
}

FakeKernel::FakeKernel(const Clock& clock) : clock_(clock) {
  interfaces_ = {{.name = "eth0", .addresses = {{Address("172.32.4.2"), 20}, {Address("fd20::402"), 64}}}};
}

absl::StatusOr<CapabilitySet> FakeKernel::Probe() {
  const std::lock_guard lock(mutex_);
  FAULTLINE_RETURN_IF_ERROR(Begin({.kind = Operation::Kind::kProbe}));
  return capabilities_;
}

absl::StatusOr<std::vector<Interface>> FakeKernel::Interfaces() {
  const std::lock_guard lock(mutex_);
  FAULTLINE_RETURN_IF_ERROR(Begin({.kind = Operation::Kind::kInterfaces}));
  return interfaces_;
}

absl::Status FakeKernel::Reset() {
  const std::lock_guard lock(mutex_);
  FAULTLINE_RETURN_IF_ERROR(Begin({.kind = Operation::Kind::kReset}));
  runs_.clear();
  return absl::OkStatus();
}

absl::Status FakeKernel::Install(const Program& program) {
  const std::lock_guard lock(mutex_);
  Operation operation{.kind = Operation::Kind::kInstall, .run = program.run};
  if (runs_.contains(program.run)) {
    return End(operation, absl::AlreadyExistsError(absl::StrCat("run ", program.run.text(), " is installed")));
  }
  if (program.devices.empty() && !program.steps.empty()) {
    return End(operation, absl::InvalidArgumentError("no device"));
  }
  FAULTLINE_RETURN_IF_ERROR(Begin(operation));
  Run run{.program = program};
  for (const Program::StepRules& rules : program.steps) run.counters[rules.index] = {.step = rules.index};
  runs_.emplace(program.run, std::move(run));
  return absl::OkStatus();
}

absl::Status FakeKernel::Switch(const RunId& run, std::span<const StepIndex> close, std::span<const GateOpening> open) {
  const std::lock_guard lock(mutex_);
  Operation operation{.kind = Operation::Kind::kSwitch,
                      .run = run,
                      .close = {close.begin(), close.end()},
                      .open = {open.begin(), open.end()}};
  const auto found = runs_.find(run);
  if (found == runs_.end()) {
    return End(operation, absl::NotFoundError(absl::StrCat("run ", run.text(), " is not installed")));
  }
  FAULTLINE_RETURN_IF_ERROR(Begin(operation));
  Run& installed = found->second;
  for (const StepIndex step : close) installed.gate_ends.erase(step);
  for (const GateOpening& opening : open) {
    if (FindStep(installed.program, opening.step) == nullptr) continue;
    installed.gate_ends[opening.step] = clock_.Now() + std::max(opening.timeout, kShortestTimeout);
  }
  return absl::OkStatus();
}

absl::Status FakeKernel::Shape(const RunId& run, std::span<const LaneChange> changes) {
  const std::lock_guard lock(mutex_);
  Operation operation{.kind = Operation::Kind::kShape, .run = run, .changes = {changes.begin(), changes.end()}};
  const auto found = runs_.find(run);
  if (found == runs_.end()) {
    return End(operation, absl::NotFoundError(absl::StrCat("run ", run.text(), " is not installed")));
  }
  FAULTLINE_RETURN_IF_ERROR(Begin(operation));
  for (const LaneChange& change : changes) {
    Program::StepRules* step = FindStep(found->second.program, change.step);
    if (step != nullptr && step->Impairs()) step->effect = change.impairment;
  }
  return absl::OkStatus();
}

absl::Status FakeKernel::Attach(const RunId& run, const std::string& device) {
  const std::lock_guard lock(mutex_);
  Operation operation{.kind = Operation::Kind::kAttach, .run = run, .device = device};
  const auto found = runs_.find(run);
  if (found == runs_.end()) {
    return End(operation, absl::NotFoundError(absl::StrCat("run ", run.text(), " is not installed")));
  }
  FAULTLINE_RETURN_IF_ERROR(Begin(operation));
  std::vector<std::string>& devices = found->second.program.devices;
  if (std::find(devices.begin(), devices.end(), device) == devices.end()) devices.push_back(device);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<RuleCounters>> FakeKernel::ReadCounters(const RunId& run) {
  const std::lock_guard lock(mutex_);
  Operation operation{.kind = Operation::Kind::kReadCounters, .run = run};
  const auto found = runs_.find(run);
  if (found == runs_.end()) {
    return End(operation, absl::NotFoundError(absl::StrCat("run ", run.text(), " is not installed")));
  }
  FAULTLINE_RETURN_IF_ERROR(Begin(operation));
  std::vector<RuleCounters> counters;
  for (const auto& [step, counter] : found->second.counters) counters.push_back(counter);
  return counters;
}

bool FakeKernel::Concerns(const RunId& run, const ForeignChange& change) const {
  const std::lock_guard lock(mutex_);
  return runs_.contains(run) && (!change.run || *change.run == run);
}

absl::StatusOr<KernelPicture> FakeKernel::Picture() {
  const std::lock_guard lock(mutex_);
  absl::StatusOr<KernelPicture> picture = picture_;
  if (!picture.ok() || runs_.empty()) return picture;
  const std::string table = "table netdev faultline";
  picture->things[table] = {.ours = true};
  for (const auto& [name, run] : runs_) {
    picture->things[absl::StrCat("chain ", name.text(), "/in of ", table)] = {
        .kind = KernelPicture::Thing::Kind::kChain, .of = table, .ours = true};
  }
  return picture;
}

absl::Status FakeKernel::Remove(const RunId& run) {
  const std::lock_guard lock(mutex_);
  FAULTLINE_RETURN_IF_ERROR(Begin({.kind = Operation::Kind::kRemove, .run = run}));
  runs_.erase(run);
  return absl::OkStatus();
}

void FakeKernel::SetCapabilities(CapabilitySet capabilities) {
  const std::lock_guard lock(mutex_);
  capabilities_ = capabilities;
}

void FakeKernel::SetInterfaces(std::vector<Interface> interfaces) {
  const std::lock_guard lock(mutex_);
  interfaces_ = std::move(interfaces);
}

void FakeKernel::SetPicture(absl::StatusOr<KernelPicture> picture) {
  const std::lock_guard lock(mutex_);
  picture_ = std::move(picture);
}

void FakeKernel::SetCounters(const RunId& run, RuleCounters counters) {
  const std::lock_guard lock(mutex_);
  runs_.at(run).counters.at(counters.step) = counters;
}

void FakeKernel::FailCall(int nth, absl::Status status) {
  const std::lock_guard lock(mutex_);
  calls_until_failure_ = nth;
  failure_ = std::move(status);
}

void FakeKernel::FailEveryCall(absl::Status status) {
  const std::lock_guard lock(mutex_);
  every_failure_ = std::move(status);
}

std::vector<StepIndex> FakeKernel::ActiveSteps(const RunId& run) const {
  const std::lock_guard lock(mutex_);
  std::vector<StepIndex> active;
  const auto found = runs_.find(run);
  if (found == runs_.end()) return active;
  for (const auto& [step, end] : found->second.gate_ends) {
    if (clock_.Now() < end) active.push_back(step);
  }
  return active;
}

std::optional<MonotonicTime> FakeKernel::GateEnd(const RunId& run, StepIndex step) const {
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(run);
  if (found == runs_.end()) return std::nullopt;
  const auto gate = found->second.gate_ends.find(step);
  if (gate == found->second.gate_ends.end() || gate->second <= clock_.Now()) return std::nullopt;
  return gate->second;
}

std::optional<Program> FakeKernel::Installed(const RunId& run) const {
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(run);
  if (found == runs_.end()) return std::nullopt;
  return found->second.program;
}

std::vector<RunId> FakeKernel::InstalledRuns() const {
  const std::lock_guard lock(mutex_);
  std::vector<RunId> names;
  for (const auto& [name, run] : runs_) names.push_back(name);
  return names;
}

std::vector<FakeKernel::Operation> FakeKernel::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

std::vector<std::string> FakeKernel::TakeOperations() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> texts;
  for (const Operation& operation : operations_) texts.push_back(operation.ToString());
  operations_.clear();
  return texts;
}

absl::Status FakeKernel::Begin(Operation operation) { return End(std::move(operation), absl::OkStatus()); }

absl::Status FakeKernel::End(Operation operation, absl::Status outcome) {
  if (!every_failure_.ok()) outcome = every_failure_;
  if (calls_until_failure_ > 0 && --calls_until_failure_ == 0) outcome = failure_;
  operation.at = clock_.Now();
  operation.status = outcome;
  operations_.push_back(std::move(operation));
  return outcome;
}

}  // namespace faultline
