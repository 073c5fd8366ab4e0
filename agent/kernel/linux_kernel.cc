#include "agent/kernel/linux_kernel.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/kernel/link_table.h"
#include "agent/kernel/nft_names.h"
#include "agent/kernel/nft_query.h"
#include "agent/kernel/nl_socket.h"
#include "agent/kernel/probe.h"
#include "common/status.h"

namespace faultline {
namespace {

absl::Status NotInstalled(const RunId& run) {
  return absl::NotFoundError(absl::StrCat("run ", run.text(), " is not installed"));
}

// A socket's port is by default its process's id, so it usually tells whose it is.
std::string DescribeOwner(std::uint32_t port) {
  std::string text = absl::StrCat("netlink port ", port);
  std::ifstream file(absl::StrCat("/proc/", port, "/comm"));
  if (std::string name; std::getline(file, name)) absl::StrAppend(&text, ", process ", port, " (", name, ")");
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LinuxKernel>> LinuxKernel::Open(const Options& options) {
  FAULTLINE_ASSIGN_OR_RETURN(auto transport, NlSocket::Open());
  FAULTLINE_ASSIGN_OR_RETURN(RtSocket route, RtSocket::Open());
  NlConversation conversation(std::move(transport));
  FAULTLINE_ASSIGN_OR_RETURN(const bool has_owner, ProbeTableOwner(conversation));
  return std::unique_ptr<LinuxKernel>(
      new LinuxKernel(std::move(conversation), std::move(route), has_owner && options.use_table_owner));
}

LinuxKernel::LinuxKernel(NlConversation conversation, RtSocket route, bool owner)
    : nft_(std::move(conversation)), route_(std::move(route)), owner_(owner) {}

LinuxKernel::~LinuxKernel() {
  // Nobody is left to tell. An owned table goes with the socket in any case.
  if (!runs_.empty() || lane_) Reset().IgnoreError();
}

absl::StatusOr<KernelCapabilities> LinuxKernel::Probe() {
  FAULTLINE_ASSIGN_OR_RETURN(KernelCapabilities capabilities, ProbeKernel(nft_, route_));
  capabilities.table_owner = owner_;
  return capabilities;
}

absl::StatusOr<std::vector<Interface>> LinuxKernel::Interfaces() { return ListInterfaces(route_); }

absl::Status LinuxKernel::Reset() {
  FAULTLINE_ASSIGN_OR_RETURN(const auto table, FindTable(nft_, kTableName));
  if (table && table->owner_port && *table->owner_port != nft_.port_id()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the nft table ", kTableName, " belongs to another live process: ", DescribeOwner(*table->owner_port)));
  }
  if (table) {
    NftBatch batch(nft_.next_sequence());
    AddTable(batch, NftVerb::kDelete, kTableName, owner_);
    FAULTLINE_RETURN_IF_ERROR(batch.Commit(nft_));
  }
  runs_.clear();
  FAULTLINE_RETURN_IF_ERROR(DeleteAllLanes(route_));
  lane_.reset();
  return absl::OkStatus();
}

absl::Status LinuxKernel::Install(const Program& program) {
  FAULTLINE_RETURN_IF_ERROR(CheckProgram(program));
  if (runs_.contains(program.run)) {
    return absl::AlreadyExistsError(absl::StrCat("run ", program.run.text(), " is installed"));
  }
  // Newer kernels keep hooks by name, and take a base chain for a device that does not exist (measured on 6.18): the
  // run would be armed and do nothing.
  for (const std::string& device : program.devices) {
    FAULTLINE_RETURN_IF_ERROR(
        WithContext(CheckInterface(route_, device), absl::StrCat("install run ", program.run.text())));
  }
  Run run{.objects = ObjectsOf(program), .uses_lane = program.HasEgress()};
  for (const Program::StepRules& step : program.steps) run.steps.push_back(step.index);
  if (run.uses_lane && !lane_) {
    FAULTLINE_ASSIGN_OR_RETURN(lane_, MakeLane(route_));
  }
  const absl::Status status = CommitInstall(program, run);
  if (!status.ok()) {
    // The first error says more than one of clearing up after it.
    DropLaneUnlessUsed(program.run).IgnoreError();
    return WithContext(status, absl::StrCat("install run ", program.run.text()));
  }
  runs_.emplace(program.run, std::move(run));
  return absl::OkStatus();
}

absl::Status LinuxKernel::CommitInstall(const Program& program, const Run& run) {
  if (run.objects.empty()) return absl::OkStatus();
  const bool first = !TableUsed(program.run);
  NftBatch batch(nft_.next_sequence());
  if (first) AddTable(batch, NftVerb::kCreate, kTableName, owner_);
  AddInstall(batch, program, lane_ ? lane_->index : 0);
  const absl::Status status = batch.Commit(nft_);
  if (first && absl::IsAlreadyExists(status)) {
    return absl::FailedPreconditionError(
        absl::StrCat(status.message(), ": it is of another agent, or of an earlier life"));
  }
  if (absl::IsDataLoss(status) || absl::IsDeadlineExceeded(status)) {
    // It may be there after all.
    CommitRemove(program.run, run).IgnoreError();
  }
  return status;
}

absl::Status LinuxKernel::Switch(const RunId& run, std::span<const StepIndex> close,
                                 std::span<const GateOpening> open) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return NotInstalled(run);
  NftBatch batch(nft_.next_sequence());
  AddSwitch(batch, run, found->second.objects, close, open);
  return WithContext(batch.Commit(nft_), absl::StrCat("switch run ", run.text()));
}

absl::StatusOr<std::vector<RuleCounters>> LinuxKernel::ReadCounters(const RunId& run) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return NotInstalled(run);
  std::map<StepIndex, RuleCounters> by_step;
  for (const StepIndex step : found->second.steps) by_step[step].step = step;
  if (!found->second.objects.empty()) {
    FAULTLINE_ASSIGN_OR_RETURN(const auto chains, ReadChainCounters(nft_, kTableName));
    for (const RunObjects::StepChain& chain : found->second.objects.step_chains) {
      const auto counter = chains.find(chain.name);
      if (counter == chains.end()) continue;
      by_step[chain.step].packets += counter->second.packets;
      by_step[chain.step].bytes += counter->second.bytes;
    }
  }
  std::vector<RuleCounters> counters;
  for (const auto& [step, counter] : by_step) counters.push_back(counter);
  return counters;
}

absl::Status LinuxKernel::Remove(const RunId& run) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return absl::OkStatus();
  const std::string context = absl::StrCat("remove run ", run.text());
  FAULTLINE_RETURN_IF_ERROR(WithContext(CommitRemove(run, found->second), context));
  // Until the lane has gone too the run counts as installed: to remove it again is to try again.
  FAULTLINE_RETURN_IF_ERROR(WithContext(DropLaneUnlessUsed(run), context));
  runs_.erase(found);
  return absl::OkStatus();
}

absl::Status LinuxKernel::CommitRemove(const RunId& name, const Run& run) {
  if (run.objects.empty()) return absl::OkStatus();
  NftBatch batch(nft_.next_sequence());
  if (TableUsed(name)) {
    AddRemove(batch, run.objects);
  } else {
    // Added first, so that it is there to delete even when somebody has flushed it.
    AddTable(batch, NftVerb::kAdd, kTableName, owner_);
    AddTable(batch, NftVerb::kDelete, kTableName, owner_);
  }
  const absl::Status status = batch.Commit(nft_);
  if (!absl::IsNotFound(status)) return status;
  // Somebody else has removed objects of ours. Without a table nothing is left.
  FAULTLINE_ASSIGN_OR_RETURN(const auto table, FindTable(nft_, kTableName));
  return table ? status : absl::OkStatus();
}

bool LinuxKernel::TableUsed(const RunId& except) const {
  return std::any_of(runs_.begin(), runs_.end(),
                     [&](const auto& entry) { return entry.first != except && !entry.second.objects.empty(); });
}

bool LinuxKernel::LaneUsed(const RunId& except) const {
  return std::any_of(runs_.begin(), runs_.end(),
                     [&](const auto& entry) { return entry.first != except && entry.second.uses_lane; });
}

absl::Status LinuxKernel::DropLaneUnlessUsed(const RunId& except) {
  if (!lane_ || LaneUsed(except)) return absl::OkStatus();
  FAULTLINE_RETURN_IF_ERROR(DeleteLane(route_, *lane_));
  lane_.reset();
  return absl::OkStatus();
}

}  // namespace faultline
