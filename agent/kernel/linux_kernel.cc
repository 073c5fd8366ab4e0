#include "agent/kernel/linux_kernel.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/kernel/egress_detour.h"
#include "agent/kernel/link_table.h"
#include "agent/kernel/nft_chain.h"
#include "agent/kernel/nft_query.h"
#include "agent/kernel/nl_socket.h"
#include "agent/kernel/probe.h"
#include "agent/kernel/take_picture.h"
#include "common/status.h"

namespace faultline {
namespace {

absl::Status NotInstalled(const RunId& run) {
  return absl::NotFoundError(absl::StrCat("run ", run.text(), " is not installed"));
}

absl::Status NoInterface(absl::string_view context, absl::string_view device) {
  return absl::NotFoundError(absl::StrCat(context, ": there is no interface ", device));
}

// Whether a lane can do what it is to change to.
absl::Status CheckChange(const LaneSpec& spec, const LaneChange& change) {
  const Impairment& wanted = change.impairment;
  const bool possible = spec.kind == LaneKind::kNetem || (spec.kind == LaneKind::kRate && wanted.OnlyRate()) ||
                        (spec.kind == LaneKind::kLossByRule && wanted.OnlyLoss());
  if (possible && (wanted.burst == 0) == (spec.impairment.burst == 0)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("step ", change.step, "'s lane cannot do what it is to change to"));
}

// Where a run has base chains, of the netdev family.
std::vector<Place> NetdevPlaces(const RunObjects& objects) {
  std::vector<Place> places;
  for (const RunObjects::BaseChain& chain : objects.base_chains) {
    if (InfoOf(chain.place).family != NftFamily::kNetdev) continue;
    if (std::find(places.begin(), places.end(), chain.place) == places.end()) places.push_back(chain.place);
  }
  return places;
}

// A socket's port is by default its process's id, so it usually tells whose it is.
std::string DescribeOwner(std::uint32_t port) {
  std::string text = absl::StrCat("netlink port ", port);
  std::ifstream file(absl::StrCat("/proc/", port, "/comm"));
  if (std::string name; std::getline(file, name)) absl::StrAppend(&text, ", process ", port, " (", name, ")");
  return text;
}

// From so many on notices of each would take longer than to do without them.
constexpr std::size_t kManyPrefixes = 500;

std::size_t CountPrefixes(const Program& program) {
  std::size_t count = 0;
  for (const PrefixSet& set : program.prefix_sets) count += set.prefixes().size();
  return count;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LinuxKernel>> LinuxKernel::Open(const Options& options) {
  FAULTLINE_ASSIGN_OR_RETURN(auto netfilter, NlSocket::Open());
  FAULTLINE_ASSIGN_OR_RETURN(RtSocket route, RtSocket::Open());
  return Open(options, std::move(netfilter), std::move(route));
}

absl::StatusOr<std::unique_ptr<LinuxKernel>> LinuxKernel::Open(const Options& options,
                                                               std::unique_ptr<NlTransport> netfilter, RtSocket route) {
  NlConversation conversation(std::move(netfilter));
  FAULTLINE_ASSIGN_OR_RETURN(const bool has_owner, ProbeTableOwner(conversation));
  return std::unique_ptr<LinuxKernel>(
      new LinuxKernel(std::move(conversation), std::move(route), has_owner && options.use_table_owner));
}

LinuxKernel::LinuxKernel(NlConversation conversation, RtSocket route, bool owner)
    : nft_(std::move(conversation)), route_(std::move(route)), owner_(owner) {}

LinuxKernel::~LinuxKernel() {
  // Nobody is left to tell. Owned tables go with the socket in any case.
  if (!runs_.empty() || blackhole_) Reset().IgnoreError();
}

absl::StatusOr<CapabilitySet> LinuxKernel::Probe() {
  FAULTLINE_ASSIGN_OR_RETURN(CapabilitySet capabilities, ProbeKernel(nft_, route_));
  capabilities.Set(Capability::kTableOwner, owner_);
  return capabilities;
}

absl::StatusOr<std::vector<Interface>> LinuxKernel::Interfaces() { return ListInterfaces(route_); }

absl::Status LinuxKernel::Reset() {
  std::vector<TableId> found;
  for (const NftFamily family : kNftFamilies) {
    FAULTLINE_ASSIGN_OR_RETURN(const auto table, FindTable(nft_, {.family = family}));
    if (!table) continue;
    if (table->owner_port && *table->owner_port != nft_.port_id()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the nft table ", NameOf(family), " ", kTableName,
                       " belongs to another live process: ", DescribeOwner(*table->owner_port)));
    }
    found.push_back({.family = family});
  }
  NftBatch batch(nft_.next_sequence());
  for (const TableId& table : found) AddTable(batch, NftVerb::kDelete, table, owner_);
  FAULTLINE_RETURN_IF_ERROR(batch.Commit(nft_));
  runs_.clear();
  // What cannot be removed keeps nothing else from being removed.
  const absl::Status detours = DeleteAllDetours(route_);
  FAULTLINE_RETURN_IF_ERROR(DeleteAllLanes(route_));
  blackhole_.reset();
  return detours;
}

absl::Status LinuxKernel::Install(const Program& program) {
  FAULTLINE_RETURN_IF_ERROR(CheckProgram(program));
  if (runs_.contains(program.run)) {
    return absl::AlreadyExistsError(absl::StrCat("run ", program.run.text(), " is installed"));
  }
  const std::string context = absl::StrCat("install run ", program.run.text());
  // Newer kernels keep hooks by name, and take a base chain for a device that does not exist (measured on 6.18): the
  // run would be armed and do nothing.
  const auto found = FindDevices(route_, program.devices);
  if (!found.ok()) return WithContext(found.status(), context);
  const std::map<std::string, Device>& devices = *found;
  for (const std::string& device : program.devices) {
    if (!devices.contains(device)) return NoInterface(context, device);
  }
  Run run{.program = program, .objects = ObjectsOf(program)};
  std::erase_if(run.program.devices, [&](const std::string& device) { return !devices.at(device).lower.empty(); });
  absl::Status status = MakeLanes(run);
  for (const auto& [name, device] : devices) {
    if (status.ok()) status = AddDetours(run, name, device.index);
  }
  if (status.ok()) status = CommitInstall(run, devices);
  if (!status.ok()) {
    // The first error says more than one of clearing up after it.
    DropDetours(run).IgnoreError();
    DropLanes(run).IgnoreError();
    return WithContext(status, context);
  }
  runs_.emplace(program.run, std::move(run));
  return absl::OkStatus();
}

absl::Status LinuxKernel::MakeLanes(Run& run) {
  const std::vector<StepChain> chains = LayOut(run.program);
  const auto does = [](Action action) { return [action](const auto& chain) { return chain.action == action; }; };
  run.swallows = std::any_of(chains.begin(), chains.end(), does(Action::kSwallow));
  if (run.swallows && !blackhole_) {
    FAULTLINE_ASSIGN_OR_RETURN(blackhole_, MakeBlackholeLane(route_));
  }
  const auto count = std::count_if(chains.begin(), chains.end(), does(Action::kDetour));
  for (const StepChain& chain : chains) {
    if (chain.action != Action::kDetour) continue;
    RunLane lane{.step = chain.step->index, .direction = chain.direction()};
    lane.spec = {.kind = chain.step->lane,
                 .impairment = std::get<Impairment>(chain.step->effect),
                 .seed = chain.step->seed,
                 .memory = run.program.lane_memory / static_cast<std::uint64_t>(count)};
    auto made = MakeLane(route_, lane.spec);
    if (!made.ok()) return WithContext(made.status(), absl::StrCat("step ", lane.step));
    lane.lane = *std::move(made);
    run.lanes.push_back(std::move(lane));
  }
  return absl::OkStatus();
}

absl::Status LinuxKernel::DropLanes(Run& run) {
  absl::Status status;
  std::erase_if(run.lanes, [&](const RunLane& lane) {
    const absl::Status deleted = DeleteLane(route_, lane.lane);
    status.Update(deleted);
    return deleted.ok();
  });
  FAULTLINE_RETURN_IF_ERROR(status);
  if (!blackhole_ || BlackholeUsed(run.program.run)) return absl::OkStatus();
  FAULTLINE_RETURN_IF_ERROR(DeleteLane(route_, *blackhole_));
  blackhole_.reset();
  return absl::OkStatus();
}

std::vector<Lane> LinuxKernel::LanesByClsact(const Run& run) const {
  std::vector<Lane> lanes;
  if (!run.program.egress_by_clsact) return lanes;
  if (run.swallows && blackhole_) lanes.push_back(*blackhole_);
  for (const RunLane& lane : run.lanes) {
    if (lane.direction == Direction::kEgress) lanes.push_back(lane.lane);
  }
  return lanes;
}

absl::Status LinuxKernel::AddDetours(Run& run, const std::string& device, std::uint32_t index) {
  const std::vector<Lane> lanes = LanesByClsact(run);
  if (lanes.empty()) return absl::OkStatus();
  run.detoured.insert(index);
  return faultline::AddDetours(route_, index, device, lanes);
}

absl::Status LinuxKernel::DropDetours(Run& run) {
  absl::Status status;
  std::erase_if(run.detoured, [&](std::uint32_t device) {
    std::vector<Lane> lanes = LanesByClsact(run);
    // Runs share the lane that swallows.
    const bool shared = std::any_of(runs_.begin(), runs_.end(), [&](const auto& entry) {
      return entry.first != run.program.run && entry.second.swallows && entry.second.detoured.contains(device);
    });
    if (shared && run.swallows && blackhole_) std::erase(lanes, *blackhole_);
    const absl::Status deleted = DeleteDetours(route_, device, lanes);
    status.Update(deleted);
    return deleted.ok();
  });
  return status;
}

absl::Status LinuxKernel::CommitInstall(Run& run, const std::map<std::string, Device>& devices) {
  if (run.objects.empty()) return absl::OkStatus();
  NftBatch batch(nft_.next_sequence());
  bool first = false;
  for (const NftFamily family : kNftFamilies) {
    if (!run.objects.Uses(family) || TableUsed(family, run.program.run)) continue;
    AddTable(batch, NftVerb::kCreate, {.family = family}, owner_);
    first = true;
  }
  RunLanes lanes{.blackhole = blackhole_};
  for (const RunLane& lane : run.lanes) lanes.detours.emplace(std::pair(lane.step, lane.direction), lane.lane);
  AddInstall(batch, run.program, lanes);
  const std::vector<Place> places = NetdevPlaces(run.objects);
  for (const auto& [name, device] : devices) {
    if (!device.lower.empty()) AddAttach(batch, run.program, run.objects, places, name, device.lower);
  }
  const bool large = large_batch_ && CountPrefixes(run.program) >= kManyPrefixes;
  if (large) large_batch_(true);
  const absl::Status status = batch.Commit(nft_);
  if (large) large_batch_(false);
  if (first && absl::IsAlreadyExists(status)) {
    return absl::FailedPreconditionError(
        absl::StrCat(status.message(), ": it is of another agent, or of an earlier life"));
  }
  if (absl::IsDataLoss(status) || absl::IsDeadlineExceeded(status)) {
    // It may be there after all.
    CommitRemove(run).IgnoreError();
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

void LinuxKernel::Warm() { FindTable(nft_, {.family = NftFamily::kNetdev}).IgnoreError(); }

absl::Status LinuxKernel::Shape(const RunId& run, std::span<const LaneChange> changes) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return NotInstalled(run);
  const std::string context = absl::StrCat("shape run ", run.text());
  std::vector<std::pair<RunLane*, LaneSpec>> changed;
  for (const LaneChange& change : changes) {
    for (RunLane& lane : found->second.lanes) {
      if (lane.step != change.step) continue;
      FAULTLINE_RETURN_IF_ERROR(WithContext(CheckChange(lane.spec, change), context));
      changed.emplace_back(&lane, lane.spec).second.impairment = change.impairment;
    }
  }
  NftBatch batch(nft_.next_sequence());
  for (auto& [lane, spec] : changed) {
    if (spec.kind == LaneKind::kLossByRule) {
      ChangeDraw(batch, run, lane->step, spec.impairment.loss);
    } else {
      FAULTLINE_RETURN_IF_ERROR(WithContext(ChangeLane(route_, lane->lane, spec), context));
    }
    lane->spec = std::move(spec);
  }
  return WithContext(batch.Commit(nft_), context);
}

absl::Status LinuxKernel::Attach(const RunId& run, const std::string& device) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return NotInstalled(run);
  const std::string context = absl::StrCat("attach run ", run.text(), " to ", device);
  if (device == "lo") return absl::InvalidArgumentError(context + ": the loopback device is never acted on");
  Run& entry = found->second;
  std::vector<std::string> devices = entry.program.devices;
  if (std::find(devices.begin(), devices.end(), device) == devices.end()) devices.push_back(device);
  // Of the others some may be gone.
  const auto there = FindDevices(route_, devices);
  if (!there.ok()) return WithContext(there.status(), context);
  const auto attached = there->find(device);
  if (attached == there->end()) return NoInterface(context, device);
  const auto& [index, lower] = attached->second;
  if (entry.objects.empty()) return absl::OkStatus();
  // Its packets may be larger than any before.
  for (const RunLane& lane : entry.lanes) {
    const absl::Status changed = ChangeLane(route_, lane.lane, lane.spec);
    // Somebody else may have deleted it.
    if (!absl::IsNotFound(changed)) FAULTLINE_RETURN_IF_ERROR(WithContext(changed, context));
  }
  FAULTLINE_RETURN_IF_ERROR(WithContext(AddDetours(entry, device, index), context));
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Place> places, PlacesWithout(entry, device));
  RunObjects objects = entry.objects;
  NftBatch batch(nft_.next_sequence());
  AddAttach(batch, entry.program, objects, places, device, lower);
  const absl::Status status = batch.Commit(nft_);
  // When the answer was lost the chains may be there: removing them takes no harm when they are not.
  if (status.ok() || absl::IsDataLoss(status) || absl::IsDeadlineExceeded(status)) {
    entry.objects = std::move(objects);
    if (lower.empty()) entry.program.devices = std::move(devices);
  }
  return WithContext(status, context);
}

absl::StatusOr<std::vector<Place>> LinuxKernel::PlacesWithout(const Run& run, const std::string& device) {
  std::vector<Place> places = NetdevPlaces(run.objects);
  std::vector<Place> seen;
  for (const RunObjects::BaseChain& chain : run.objects.base_chains) {
    const NftFamily family = InfoOf(chain.place).family;
    if (family != NftFamily::kNetdev) continue;
    FAULTLINE_ASSIGN_OR_RETURN(const auto devices, ReadChainDevices(nft_, {.family = family}, chain.name));
    if (std::find(devices.begin(), devices.end(), device) != devices.end()) seen.push_back(chain.place);
  }
  std::erase_if(places, [&seen](Place place) { return std::find(seen.begin(), seen.end(), place) != seen.end(); });
  return places;
}

absl::StatusOr<std::vector<RuleCounters>> LinuxKernel::ReadCounters(const RunId& run) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return NotInstalled(run);
  std::map<StepIndex, RuleCounters> by_step;
  for (const Program::StepRules& step : found->second.program.steps) by_step[step.index].step = step.index;
  FAULTLINE_RETURN_IF_ERROR(AddNftCounters(found->second, by_step));
  FAULTLINE_RETURN_IF_ERROR(AddLaneCounters(found->second, by_step));
  std::vector<RuleCounters> counters;
  for (const auto& [step, counter] : by_step) counters.push_back(counter);
  return counters;
}

absl::Status LinuxKernel::AddNftCounters(const Run& run, std::map<StepIndex, RuleCounters>& counters) {
  for (const NftFamily family : kNftFamilies) {
    if (!run.objects.Uses(family)) continue;
    FAULTLINE_ASSIGN_OR_RETURN(const auto chains, ReadChainCounters(nft_, {.family = family}));
    for (const RunObjects::NamedChain& chain : run.objects.step_chains) {
      const auto counter = chains.find(chain.name);
      if (chain.table != family || counter == chains.end()) continue;
      RuleCounters& sum = counters[chain.step];
      if (chain.lost) {
        sum.lost += counter->second.packets;
      } else {
        sum.packets += counter->second.packets;
        sum.bytes += counter->second.bytes;
      }
    }
  }
  return absl::OkStatus();
}

absl::Status LinuxKernel::AddLaneCounters(const Run& run, std::map<StepIndex, RuleCounters>& counters) {
  for (const RunLane& lane : run.lanes) {
    const auto read = ReadLane(route_, lane.lane);
    // Somebody else has deleted it.
    if (absl::IsNotFound(read.status())) continue;
    if (!read.ok()) return read.status();
    RuleCounters& sum = counters[lane.step];
    sum.overflowed += read->overflowed;
    if (lane.spec.kind == LaneKind::kLossByRule) {
      // The rule comes after the lane, and was read before it.
      sum.passed += read->passed - std::min(read->passed, sum.lost);
    } else {
      sum.passed += read->passed;
      sum.lost += read->lost;
    }
  }
  return absl::OkStatus();
}

bool LinuxKernel::Concerns(const RunId& run, const ForeignChange& change) const {
  const auto found = runs_.find(run);
  if (found == runs_.end() || (change.run && *change.run != run)) return false;
  const Run& entry = found->second;
  if (change.table) return entry.objects.Uses(*change.table);
  if (change.device == 0) return !entry.objects.empty();
  if (change.clsact) return entry.detoured.contains(change.device);
  const auto is = [&change](const Lane& lane) { return lane.device == change.device || lane.index == change.device; };
  return (entry.swallows && blackhole_ && is(*blackhole_)) ||
         std::ranges::any_of(entry.lanes, [&is](const RunLane& lane) { return is(lane.lane); });
}

absl::StatusOr<KernelPicture> LinuxKernel::Picture() { return TakePicture(kPictureTime); }

absl::Status LinuxKernel::Remove(const RunId& run) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return absl::OkStatus();
  const std::string context = absl::StrCat("remove run ", run.text());
  FAULTLINE_RETURN_IF_ERROR(WithContext(CommitRemove(found->second), context));
  found->second.objects = RunObjects();
  // Until the lanes have gone too the run counts as installed: to remove it again is to try again.
  FAULTLINE_RETURN_IF_ERROR(WithContext(DropDetours(found->second), context));
  FAULTLINE_RETURN_IF_ERROR(WithContext(DropLanes(found->second), context));
  runs_.erase(found);
  return absl::OkStatus();
}

absl::Status LinuxKernel::CommitRemove(const Run& run) {
  std::vector<NftFamily> tables;
  for (const NftFamily family : kNftFamilies) {
    if (run.objects.Uses(family)) tables.push_back(family);
  }
  const absl::Status status = CommitRemoveFrom(run, tables);
  if (!absl::IsNotFound(status)) return status;
  // Somebody else has removed objects of ours. Of a table that has gone nothing is left.
  std::vector<NftFamily> present;
  for (const NftFamily family : tables) {
    FAULTLINE_ASSIGN_OR_RETURN(const auto table, FindTable(nft_, {.family = family}));
    if (table) present.push_back(family);
  }
  return present == tables ? status : CommitRemoveFrom(run, present);
}

absl::Status LinuxKernel::CommitRemoveFrom(const Run& run, std::span<const NftFamily> tables) {
  NftBatch batch(nft_.next_sequence());
  for (const NftFamily family : tables) {
    if (TableUsed(family, run.program.run)) {
      AddRemove(batch, run.objects, family);
    } else {
      // Added first, so that it is there to delete even when somebody has flushed it.
      AddTable(batch, NftVerb::kAdd, {.family = family}, owner_);
      AddTable(batch, NftVerb::kDelete, {.family = family}, owner_);
    }
  }
  return batch.Commit(nft_);
}

bool LinuxKernel::TableUsed(NftFamily table, const RunId& except) const {
  return std::any_of(runs_.begin(), runs_.end(),
                     [&](const auto& entry) { return entry.first != except && entry.second.objects.Uses(table); });
}

bool LinuxKernel::BlackholeUsed(const RunId& except) const {
  return std::any_of(runs_.begin(), runs_.end(),
                     [&](const auto& entry) { return entry.first != except && entry.second.swallows; });
}

}  // namespace faultline
