#include "tests/fleet/quiet_fleet.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/capability_codec.h"
#include "common/prefix.h"
#include "common/status.h"

namespace faultline::testing {
namespace {

constexpr Duration kTurn = std::chrono::milliseconds(20);
// How often who waits for agents looks whether one was lost.
constexpr Duration kLook = std::chrono::milliseconds(200);

void AddAddress(const std::string& text, std::uint32_t prefix_length, v1::NodeInfo& node) {
  v1::NodeAddress& address = *node.add_addresses();
  address.set_address(IpAddress::Parse(text).value().ToBytes());
  address.set_prefix_length(prefix_length);
  address.set_interface("eth0");
}

}  // namespace

v1::NodeInfo DescribeQuietNode(int number) {
  const bool london = number % 2 == 0;
  const int host = number / 2 + 1;
  v1::NodeInfo node;
  node.set_name(absl::StrCat("node-", number));
  AddAddress(absl::StrCat(london ? "172.32." : "172.33.", host / 256, ".", host % 256), 16, node);
  AddAddress(absl::StrCat(london ? "fd20::" : "fd21::", absl::Hex(host)), 64, node);
  (*node.mutable_labels())["region"] = london ? "eu-west-2" : "eu-west-3";
  *node.mutable_capabilities() =
      EncodeCapabilities(CapabilitySet::All(), {.id = "debian", .like = "", .kernel_release = "6.1.0-28-cloud-amd64"});
  node.set_agent_version("quiet");
  node.set_incarnation(static_cast<std::uint64_t>(number) + 1);
  return node;
}

QuietFleet::QuietFleet(Dial dial, const Clock& clock)
    : dial_(std::move(dial)), clock_(clock), thread_([this](const std::stop_token& stop) { Move(stop); }) {}

QuietFleet::~QuietFleet() {
  thread_.request_stop();
  thread_.join();
  // All at once, and then one after the other.
  for (const auto& agent : agents_) agent->Die();
}

absl::Status QuietFleet::Join(int count, int at_once, Duration patience) {
  const MonotonicTime deadline = clock_.Now() + patience;
  const int first = static_cast<int>(size());
  const std::size_t before = milestones_.count(Milestone::kWelcomed);
  const auto await = [&](int joined) {
    const std::size_t wanted = before + static_cast<std::size_t>(std::max(0, joined));
    absl::Status lost;
    while (lost.ok() && clock_.Now() < deadline) {
      if (milestones_.Await(Milestone::kWelcomed, wanted, kLook)) return absl::OkStatus();
      lost = status();
    }
    return absl::DeadlineExceededError(absl::StrCat("of ", count, " agents only ",
                                                    milestones_.count(Milestone::kWelcomed) - before, " have joined",
                                                    lost.ok() ? "" : ": ", lost.message()));
  };
  for (int i = 0; i < count; ++i) {
    FAULTLINE_RETURN_IF_ERROR(await(i + 1 - at_once));
    FAULTLINE_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, dial_(first + i));
    auto agent = std::make_unique<QuietAgent>(std::move(channel), DescribeQuietNode(first + i), milestones_, clock_);
    const std::lock_guard lock(mutex_);
    agents_.push_back(std::move(agent));
  }
  return await(count);
}

absl::Status QuietFleet::status() const {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    const absl::Status status = agents_[i]->status();
    if (!status.ok()) return WithContext(status, absl::StrCat("node-", i));
  }
  return absl::OkStatus();
}

void QuietFleet::Move(const std::stop_token& stop) {
  auto next = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    {
      const std::lock_guard lock(mutex_);
      const MonotonicTime now = clock_.Now();
      for (const auto& agent : agents_) agent->Turn(now);
    }
    next = std::max(next + kTurn, std::chrono::steady_clock::now());
    std::this_thread::sleep_until(next);
  }
}

}  // namespace faultline::testing
