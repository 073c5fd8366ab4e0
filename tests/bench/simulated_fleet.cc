#include "tests/bench/simulated_fleet.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/capability_codec.h"
#include "common/status.h"

namespace faultline::bench {
namespace {

// Well below the time between two probes of a node, of which one turn sends one at most.
constexpr Duration kTurn = std::chrono::milliseconds(10);

// Of a fleet too large for a full mesh each is paired with some 10 others (docs/OBSERVATION.md).
constexpr std::size_t kSampled = 8;

void AddAddress(const std::string& text, int prefix_length, v1::NodeInfo& node) {
  v1::NodeAddress& address = *node.add_addresses();
  address.set_address(IpAddress::Parse(text).value().ToBytes());
  address.set_prefix_length(static_cast<std::uint32_t>(prefix_length));
  address.set_interface("eth0");
}

v1::NodeInfo DescribeNode(int number) {
  const bool london = number % 2 == 0;
  const int host = number / 2 + 1;
  v1::NodeInfo node;
  node.set_name(absl::StrCat(london ? "lon-" : "par-", host));
  AddAddress(absl::StrCat(london ? "172.32.0." : "172.33.0.", host), 16, node);
  AddAddress(absl::StrCat(london ? "fd20::" : "fd21::", absl::Hex(host)), 64, node);
  (*node.mutable_labels())["region"] = london ? "eu-west-2" : "eu-west-3";
  *node.mutable_capabilities() = EncodeCapabilities(CapabilitySet::All(), {.id = "", .like = "", .kernel_release = ""});
  node.set_agent_version("simulated");
  node.set_incarnation(static_cast<std::uint64_t>(number) + 1);
  return node;
}

}  // namespace

SimulatedFleet::SimulatedFleet(const std::string& controller, int size, const Clock& clock) {
  for (int i = 0; i < size; ++i) {
    const v1::NodeInfo node = DescribeNode(i);
    // A connection each, as agents on nodes of their own have.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stubs_.push_back(v1::AgentSessionService::NewStub(
        grpc::CreateCustomChannel(controller, grpc::InsecureChannelCredentials(), arguments)));
    agents_[NodeName(node.name())] = std::make_unique<SimulatedAgent>(*stubs_.back(), node, clock);
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { Move(stop); });
}

SimulatedFleet::~SimulatedFleet() {
  thread_.request_stop();
  thread_.join();
}

bool SimulatedFleet::Meshed() const {
  const std::size_t wanted = std::min(agents_.size() - 1, kSampled);
  return std::ranges::all_of(agents_, [wanted](const auto& entry) { return entry.second->peers() >= wanted; });
}

absl::Status SimulatedFleet::status() const {
  for (const auto& [name, agent] : agents_) {
    const absl::Status status = agent->status();
    if (!status.ok()) return WithContext(status, name.text());
  }
  return absl::OkStatus();
}

void SimulatedFleet::Move(const std::stop_token& stop) {
  std::vector<SimulatedProbe> probes;
  auto next = std::chrono::steady_clock::now();
  auto joined = agents_.begin();
  while (!stop.stop_requested()) {
    if (joined != agents_.end()) joined++->second->Join();
    for (auto agent = agents_.begin(); agent != joined; ++agent) agent->second->Turn(probes);
    for (const SimulatedProbe& probe : probes) agents_.at(probe.to)->Receive(probe);
    sent_ += static_cast<std::int64_t>(probes.size());
    probes.clear();
    next = std::max(next + kTurn, std::chrono::steady_clock::now());
    std::this_thread::sleep_until(next);
  }
}

}  // namespace faultline::bench
