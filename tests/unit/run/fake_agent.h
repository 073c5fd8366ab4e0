#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/capability_codec.h"
#include "common/timeline_codec.h"
#include "controller/run/coordinator.h"
#include "controller/run/fleet.h"

namespace faultline {

// The controller's view of an agent: keeps what it is sent, and answers as its test tells it to.
class FakeAgent {
 public:
  FakeAgent(std::string name, const char* address, std::uint64_t incarnation = 1) : name_(std::move(name)) {
    info_.set_name(name_);
    info_.set_incarnation(incarnation);
    *info_.mutable_capabilities() =
        EncodeCapabilities(CapabilitySet::All(), {.id = "debian", .kernel_release = "6.1.0"});
    v1::NodeAddress& entry = *info_.add_addresses();
    entry.set_address(IpAddress::Parse(address)->ToBytes());
    entry.set_prefix_length(20);
    entry.set_interface("eth0");
  }

  absl::Status Join(Fleet& fleet) { return fleet.Join(info_, link_, {}); }
  void Leave(Fleet& fleet) { fleet.Leave(name(), link_.get()); }

  // The messages of one kind, in order; forgets them.
  std::vector<v1::SessionResponse> Take(v1::SessionResponse::MessageCase kind) {
    std::vector<v1::SessionResponse> taken;
    std::erase_if(link_->sent, [&](const v1::SessionResponse& message) {
      if (message.message_case() != kind) return false;
      taken.push_back(message);
      return true;
    });
    return taken;
  }

  // With all its holds, if it was told of them and this was not taken.
  void AnswerArmed(Coordinator& coordinator, const std::string& run) {
    v1::Armed armed;
    armed.set_run_id(run);
    for (const v1::SessionResponse& message : link_->sent) {
      const v1::Timeline& timeline = message.arm().timeline();
      if (timeline.run_id() == run) armed.set_holds(static_cast<std::uint32_t>(timeline.holds_size()));
    }
    coordinator.OnArmed(name(), armed);
  }
  void AnswerRefused(Coordinator& coordinator, const std::string& run, const std::string& reason) {
    v1::Refused refused;
    refused.set_run_id(run);
    refused.set_reason(reason);
    coordinator.OnRefused(name(), refused);
  }
  // `packets`: what the rules of step 0 matched.
  void ReportEnd(Coordinator& coordinator, const std::string& run, v1::NodeEnd end, std::uint64_t packets = 0) {
    v1::NodeRunEnd message;
    message.set_run_id(run);
    message.mutable_outcome()->set_end(end);
    message.mutable_outcome()->add_counters()->set_packets(packets);
    coordinator.OnRunEnd(name(), message);
  }

  NodeName name() const { return NodeName(name_); }
  bool closed() const { return !link_->closed.ok(); }
  v1::NodeInfo& info() { return info_; }

 private:
  struct Link : AgentLink {
    void Send(v1::SessionResponse message) override { sent.push_back(std::move(message)); }
    void Close(absl::Status reason) override { closed = std::move(reason); }
    std::vector<v1::SessionResponse> sent;
    absl::Status closed;
  };

  std::string name_;
  v1::NodeInfo info_;
  std::shared_ptr<Link> link_ = std::make_shared<Link>();
};

}  // namespace faultline
