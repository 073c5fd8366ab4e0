#include "controller/run/fleet.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/capability_codec.h"
#include "common/memory.h"
#include "common/session_pace.h"
#include "common/status.h"
#include "common/timeline_codec.h"
#include "controller/run/agent_claims.h"
#include "controller/run/node_changes.h"

namespace faultline {
namespace {

// By what the controller remembers of each node that ever came.
constexpr std::size_t kMostNodes = 50'000;

constexpr char kRegion[] = "region";
// Of the table of regions this part may be old.
constexpr std::size_t kUnlistedShare = 16;

// Of so many nodes the configurations of all probes together take several times the room that is used for good.
constexpr std::size_t kLargeFleet = 500;
// Until what was sent to them has been written, as a rule.
constexpr Duration kWritten = std::chrono::seconds(2);

// A node that is not connected goes on probing, and what it sees is wanted, for a quarter of an hour: so long it is
// waited for before others sign with a key that it does not know.
// Nor does one that comes and goes hold up a step of the keys for longer.
constexpr Duration kMissed = std::chrono::minutes(15);

v1::NodeInfo ReadInfo(const std::string& info) {
  v1::NodeInfo message;
  message.ParseFromString(info);
  return message;
}

absl::StatusOr<InventoryNode> ReadNode(const v1::NodeInfo& info) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(info.name(), "node name"));
  FAULTLINE_RETURN_IF_ERROR(CheckNode(info));
  InventoryNode node;
  node.name = NodeName(info.name());
  for (const v1::NodeAddress& in : info.addresses()) {
    FAULTLINE_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::FromBytes(in.address()));
    node.addresses.push_back(address);
    if (!in.interface().empty()) node.interfaces.try_emplace(address, in.interface());
  }
  node.labels = {info.labels().begin(), info.labels().end()};
  node.has = DecodeCapabilities(info.capabilities());
  node.platform = DecodePlatform(info.capabilities());
  return node;
}

}  // namespace

Fleet::Fleet(ProbePolicy probes, EventSink& events) : probes_(probes), events_(events) {}

absl::Status Fleet::Join(const v1::NodeInfo& info, std::shared_ptr<AgentLink> link, v1::SessionResponse welcome) {
  FAULTLINE_ASSIGN_OR_RETURN(InventoryNode node, ReadNode(info));
  const std::lock_guard lock(mutex_);
  if (members_.size() >= kMostNodes && !members_.contains(node.name)) {
    return absl::ResourceExhaustedError(absl::StrCat("there are ", kMostNodes, " nodes already"));
  }
  const auto [entry, fresh] = members_.try_emplace(node.name);
  Member& member = entry->second;
  if (member.link != nullptr) {
    if (member.incarnation != info.incarnation()) {
      return absl::AlreadyExistsError(
          absl::StrCat("another live agent is registered as '", info.name(), "'; give each node its own name"));
    }
    member.link->Close(absl::AbortedError("replaced by a newer session of the same agent"));
    Unlink(member);
  }
  if (fresh) member.probe_id = static_cast<std::uint32_t>(members_.size());
  const std::string changes = fresh ? "" : DescribeChanges(ReadInfo(member.info), info);
  if (member.incarnation != info.incarnation()) {
    member.observed = member.lost = 0;
    member.seen_until.reset();
    member.refused = false;
  }
  member.info = info.SerializeAsString();
  member.incarnation = info.incarnation();
  member.node = std::move(node);
  member.link = std::move(link);
  ++connected_;
  member.pause = member.told_pause = PauseOf(connected_);
  *welcome.mutable_welcome()->mutable_pause() = EncodeDuration(member.pause);
  member.round_trip.reset();
  member.last_ping.reset();
  member.wanted_since.reset();
  member.key_step = 0;
  member.probe_config.reset();
  member.told_keys.reset();
  member.away.reset();
  member.dismissed = false;
  member.link->Send(std::move(welcome));
  NoteRegion(entry->first, member);
  Tell(v1::EVENT_KIND_NODE_CONNECTED, entry->first, DescribeNode(info));
  if (!changes.empty()) Tell(v1::EVENT_KIND_NODE_CHANGED, entry->first, changes);
  stale_ = true;
  return absl::OkStatus();
}

absl::Status Fleet::Update(const NodeName& node, const v1::NodeInfo& info) {
  if (info.name() != node.text()) {
    return absl::InvalidArgumentError(absl::StrCat("node '", node.text(), "' calls itself '", info.name(), "' now"));
  }
  FAULTLINE_ASSIGN_OR_RETURN(InventoryNode read, ReadNode(info));
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(node);
  if (found == members_.end()) return absl::NotFoundError(absl::StrCat("node '", node.text(), "' is not registered"));
  Member& member = found->second;
  const std::string changes = DescribeChanges(ReadInfo(member.info), info);
  v1::NodeInfo updated = info;
  updated.set_incarnation(member.incarnation);
  member.info = updated.SerializeAsString();
  member.node = std::move(read);
  NoteRegion(node, member);
  if (!changes.empty()) Tell(v1::EVENT_KIND_NODE_CHANGED, node, changes);
  stale_ = true;
  return absl::OkStatus();
}

bool Fleet::Leave(const NodeName& node, const AgentLink* link) {
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(node);
  if (found == members_.end() || found->second.link.get() != link) return false;
  Unlink(found->second);
  Tell(v1::EVENT_KIND_NODE_LOST, node, "its session ended");
  return true;
}

bool Fleet::Send(const NodeName& node, const v1::SessionResponse& message) {
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(node);
  if (found == members_.end() || found->second.link == nullptr) return false;
  found->second.link->Send(message);
  return true;
}

Duration Fleet::OnPing(const NodeName& node, MonotonicTime now, std::optional<Duration> round_trip) {
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(node);
  if (found == members_.end()) return Duration(0);
  found->second.last_ping = now;
  if (round_trip) found->second.round_trip = round_trip;
  const Duration told = PauseOf(connected_);
  found->second.pause = std::max(std::exchange(found->second.told_pause, told), told);
  return told;
}

bool Fleet::IsWanted(const NodeName& node, const v1::Observation& observation, MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(node);
  // One without a number is of an older agent, which sends nothing twice.
  if (found == members_.end() || (observation.number() != 0 && observation.number() <= found->second.observed)) {
    return false;
  }
  Member& member = found->second;
  absl::Status status = CheckObservation(observation, ControllerTime(now.time_since_epoch()),
                                         [this](const auto& peer) { return members_.contains(NodeName(peer)); });
  const auto windows = static_cast<std::uint64_t>(observation.windows_size()) +
                       static_cast<std::uint64_t>(observation.tcp_windows_size());
  if (status.ok() && !member.windows.Take(windows, now)) {
    status = absl::ResourceExhaustedError("it tells more than any node can see");
  }
  if (!status.ok() && !std::exchange(member.refused, true)) {
    Tell(v1::EVENT_KIND_OBSERVATIONS_DROPPED, node, absl::StrCat("they are not to be believed: ", status.message()));
  }
  return status.ok();
}

std::uint64_t Fleet::Take(const NodeName& node, const v1::Observation& observation) {
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(node);
  if (found == members_.end()) return 0;
  Member& member = found->second;
  member.observed = observation.number();
  member.to_be_confirmed = member.to_be_confirmed || observation.windows_size() > 0 || observation.bursts_size() > 0 ||
                           observation.tcp_windows_size() > 0;
  member.shed = false;
  const absl::StatusOr<Duration> until = DecodeDuration(observation.until());
  if (observation.has_until() && until.ok()) member.seen_until = ControllerTime(*until);
  if (observation.dropped() <= member.lost) return 0;
  const std::uint64_t lost = observation.dropped() - std::exchange(member.lost, observation.dropped());
  Tell(v1::EVENT_KIND_OBSERVATIONS_DROPPED, node, absl::StrCat(lost, " windows were lost there"));
  return lost;
}

std::uint64_t Fleet::Shed(const NodeName& node, const v1::Observation& observation) {
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(node);
  if (found == members_.end()) return 0;
  const auto windows = static_cast<std::uint64_t>(observation.windows_size() + observation.tcp_windows_size());
  if (windows > 0 && !std::exchange(found->second.shed, true)) {
    Tell(v1::EVENT_KIND_OBSERVATIONS_DROPPED, node,
         "the controller does not keep up with what nodes observe, and drops some of it");
  }
  return windows;
}

std::uint64_t Fleet::ObservationsTaken(const NodeName& node) const {
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(node);
  return found == members_.end() ? 0 : found->second.observed;
}

std::optional<ControllerTime> Fleet::SeenUntil(const NodeName& node) const {
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(node);
  return found == members_.end() ? std::nullopt : found->second.seen_until;
}

std::vector<NodeName> Fleet::ExpectPings(bool everybody, MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  std::vector<NodeName> wanted;
  for (auto& [name, member] : members_) {
    if (member.link == nullptr) continue;
    if (std::exchange(member.to_be_confirmed, false) || everybody) {
      member.wanted_since = member.wanted_since.value_or(now);
      member.wanted_last = now;
      wanted.push_back(name);
    } else if (now - member.wanted_last > LongestSilence(member.pause)) {
      // It has pinged since, or it would have been dropped.
      member.wanted_since.reset();
    }
  }
  return wanted;
}

std::vector<NodeName> Fleet::DropSilent(MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  std::vector<NodeName> dropped;
  for (auto& [name, member] : members_) {
    if (member.link == nullptr || !member.last_ping) continue;
    const Duration longest = LongestSilence(member.pause);
    const bool is_wanted = member.wanted_since && now - *member.wanted_since > longest;
    if (now - *member.last_ping <= (is_wanted ? longest : kLongestIdleSilence)) continue;
    member.link->Close(absl::DeadlineExceededError("the node has been silent for too long"));
    Unlink(member);
    Tell(v1::EVENT_KIND_NODE_LOST, name, "it has been silent for too long");
    dropped.push_back(name);
  }
  return dropped;
}

bool Fleet::Close(const NodeName& node, const absl::Status& reason) {
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(node);
  if (found == members_.end()) return false;
  found->second.dismissed = true;
  keys_.Replace();
  stale_ = true;
  if (found->second.link == nullptr) return false;
  found->second.link->Close(reason);
  Unlink(found->second);
  Tell(v1::EVENT_KIND_NODE_LOST, node, std::string(reason.message()));
  return true;
}

Duration Fleet::LongestPause() const {
  const std::lock_guard lock(mutex_);
  Duration longest{0};
  for (const auto& [name, member] : members_) {
    if (member.link != nullptr) longest = std::max(longest, member.pause);
  }
  return longest;
}

Duration Fleet::WorstRoundTrip(const std::vector<NodeName>& nodes) const {
  const std::lock_guard lock(mutex_);
  Duration worst(0);
  for (const NodeName& node : nodes) {
    const auto found = members_.find(node);
    if (found != members_.end()) worst = std::max(worst, found->second.round_trip.value_or(Duration(0)));
  }
  return worst;
}

bool Fleet::Connected(const NodeName& node) const {
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(node);
  return found != members_.end() && found->second.link != nullptr;
}

std::vector<NodeName> Fleet::ConnectedNodes() const {
  const std::lock_guard lock(mutex_);
  std::vector<NodeName> nodes;
  for (const auto& [name, member] : members_) {
    if (member.link != nullptr) nodes.push_back(name);
  }
  return nodes;
}

Inventory Fleet::Snapshot() const {
  const std::lock_guard lock(mutex_);
  Inventory inventory;
  for (const auto& [name, member] : members_) {
    if (member.link != nullptr) inventory.nodes.push_back(member.node);
  }
  return inventory;
}

Inventory Fleet::Everyone() const {
  const std::lock_guard lock(mutex_);
  Inventory inventory;
  for (const auto& [name, member] : members_) inventory.nodes.push_back(member.node);
  return inventory;
}

std::vector<v1::Node> Fleet::Nodes() const {
  const std::lock_guard lock(mutex_);
  std::vector<v1::Node> nodes;
  for (const auto& [name, member] : members_) {
    v1::Node& node = nodes.emplace_back();
    *node.mutable_info() = ReadInfo(member.info);
    node.set_connected(member.link != nullptr);
    if (member.round_trip) *node.mutable_round_trip() = EncodeDuration(*member.round_trip);
  }
  return nodes;
}

void Fleet::Unlink(Member& member) {
  member.link.reset();
  --connected_;
}

void Fleet::Tell(v1::EventKind kind, const NodeName& node, std::string text) {
  v1::Event event;
  event.set_kind(kind);
  event.set_node(node.text());
  event.set_text(std::move(text));
  events_.Add(std::move(event));
}

// Nodes that are not connected stay in the mesh: they may live, and their peers' view of them counts.
void Fleet::SendProbeConfigs() {
  stale_ = false;
  if (unlisted_ > 0) FindRegions();
  std::vector<ProbeNode> nodes;
  for (const auto& [name, member] : members_) nodes.push_back(ProbeNodeOf(member.node, member.probe_id));
  std::vector<std::vector<NodeGroup>> partings;
  for (const auto& [run, groups] : covered_) partings.push_back(groups);
  pairs_ = SampleFleet(nodes, probes_, std::move(partings));
  auto next = members_.begin();
  MakeProbeConfigs(nodes, probes_, pairs_.get(), [this, &next](v1::ProbeConfig config) {
    Member& member = next++->second;
    if (member.link == nullptr) return;
    v1::SessionResponse message;
    *message.mutable_probe_config() = std::move(config);
    for (const std::string& key : keys_.keys()) message.mutable_probe_config()->add_keys(key);
    const std::size_t digest = std::hash<std::string>()(message.SerializeAsString());
    if (std::exchange(member.probe_config, digest) != digest) member.link->Send(std::move(message));
    if (std::exchange(member.key_step, keys_.step()) != keys_.step()) member.told_keys.reset();
  });
}

void Fleet::RenewProbes(MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  if (keys_.Changing()) {
    if (step_begun_.first != keys_.step()) step_begun_ = {keys_.step(), now};
    if (KnowKeys(now) || now - step_begun_.second >= kMissed) {
      keys_.Advance();
      stale_ = true;
    }
  }
  RenewProbesLocked();
}

void Fleet::TidyUp(MonotonicTime now) {
  {
    const std::lock_guard lock(mutex_);
    if (!littered_) return;
    littered_since_ = littered_since_.value_or(now);
    if (stale_ || now - *littered_since_ < kWritten) return;
    littered_ = false;
  }
  ReturnFreedMemory();
}

void Fleet::RenewKeys() {
  const std::lock_guard lock(mutex_);
  keys_.Renew();
  stale_ = true;
}

bool Fleet::KnowKeys(MonotonicTime now) {
  bool known = !stale_;
  for (auto& [name, member] : members_) {
    if (member.link == nullptr) {
      member.away = member.away.value_or(now);
      known = known && (member.dismissed || now - *member.away >= kMissed);
    } else {
      if (member.key_step == keys_.step()) member.told_keys = member.told_keys.value_or(now);
      known = known && member.told_keys && now - *member.told_keys >= keys_.Patience();
    }
  }
  return known;
}

void Fleet::RenewProbesLocked() {
  if (!stale_) return;
  SendProbeConfigs();
  littered_ = members_.size() >= kLargeFleet;
  littered_since_.reset();
}

std::shared_ptr<const ProbePairs> Fleet::Probed() {
  const std::lock_guard lock(mutex_);
  RenewProbesLocked();
  return pairs_;
}

void Fleet::Cover(const std::string& run_id, std::vector<NodeGroup> groups) {
  const std::lock_guard lock(mutex_);
  if (groups.empty()) {
    // What is probed beyond need is until the next change; nothing depends on it.
    covered_.erase(run_id);
    return;
  }
  covered_[run_id] = std::move(groups);
  stale_ = stale_ || pairs_ != nullptr;
  RenewProbesLocked();
}

std::shared_ptr<const NodeRegions> Fleet::Regions() {
  const std::lock_guard lock(mutex_);
  // It takes time in proportion to the fleet, and so waits for a part of it to be new.
  if (unlisted_ * kUnlistedShare > regions_->size()) FindRegions();
  return regions_;
}

void Fleet::NoteRegion(const NodeName& name, const Member& member) {
  const auto label = member.node.labels.find(kRegion);
  const auto listed = regions_->find(name);
  const bool has = label != member.node.labels.end();
  const bool had = listed != regions_->end();
  if (has != had || (has && label->second != listed->second)) ++unlisted_;
}

void Fleet::FindRegions() {
  auto regions = std::make_shared<NodeRegions>();
  for (const auto& [name, member] : members_) {
    const auto label = member.node.labels.find(kRegion);
    if (label != member.node.labels.end()) (*regions)[name] = label->second;
  }
  regions_ = std::move(regions);
  unlisted_ = 0;
}

void Fleet::CloseAll(const absl::Status& reason) {
  const std::lock_guard lock(mutex_);
  for (auto& [name, member] : members_) {
    if (member.link != nullptr) member.link->Close(reason);
  }
}

}  // namespace faultline
