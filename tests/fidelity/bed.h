#pragma once

#include <sched.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/kernel/linux_kernel.h"
#include "tests/support/netns.h"

namespace faultline::fidelity {

// Two namespaces joined by a wire, as testing::Wire has them, and the agent's kernel object in the node. The peer
// sends, the node receives. A connection of the peer's waits 5 ms at least for an acknowledgement, not 200 ms, so that
// many packets can be lost in little time.
class Bed {
 public:
  static constexpr char kNode[] = "172.32.4.2";
  static constexpr char kPeer[] = "172.33.11.90";
  // Of the peer.
  static constexpr char kPeerNetwork[] = "172.33.0.0/16";

  static absl::StatusOr<std::unique_ptr<Bed>> Make();

  const testing::Netns& node() const { return node_; }
  const testing::Netns& peer() const { return peer_; }
  LinuxKernel& kernel() { return *kernel_; }
  bool Has(Capability capability) const { return capabilities_.Has(capability); }

 private:
  Bed() = default;

  testing::Netns node_;
  testing::Netns peer_;
  std::unique_ptr<LinuxKernel> kernel_;
  CapabilitySet capabilities_;
};

// A run of Faultline's with one step, which acts for as long as this lives.
class Fault {
 public:
  // Installs it and opens its gate. `kernel` must outlive the object.
  static absl::StatusOr<std::unique_ptr<Fault>> Start(LinuxKernel& kernel, Program program);
  // Of what comes from the bed's peer.
  static absl::StatusOr<std::unique_ptr<Fault>> Start(Bed& bed, const Impairment& impairment, LaneKind lane);
  ~Fault();
  Fault(const Fault&) = delete;
  Fault& operator=(const Fault&) = delete;

  absl::StatusOr<RuleCounters> Counters() const;
  absl::Status Shape(const Impairment& impairment) const;

 private:
  Fault(LinuxKernel& kernel, const RunId& run) : kernel_(kernel), run_(run) {}

  LinuxKernel& kernel_;
  const RunId run_;
};

// What another program has set up in a namespace, for as long as this lives.
class Tool {
 public:
  // Commands are words parted by blanks. `netns` must outlive the object.
  static absl::StatusOr<std::unique_ptr<Tool>> Start(const testing::Netns& netns, const std::string& command,
                                                     const std::string& undo);
  // A qdisc as the root of the namespace's eth0: "netem delay 1ms".
  static absl::StatusOr<std::unique_ptr<Tool>> StartQdisc(const testing::Netns& netns, const std::string& qdisc);
  ~Tool();
  Tool(const Tool&) = delete;
  Tool& operator=(const Tool&) = delete;

 private:
  Tool(const testing::Netns& netns, const std::string& undo) : netns_(netns), undo_(undo) {}

  const testing::Netns& netns_;
  const std::string undo_;
};

// The namespace's `command` and its output.
absl::StatusOr<std::string> Run(const testing::Netns& netns, const std::string& command);

// The thread, and those it starts, use one processor while this lives, so that packets keep their order.
class OnOneCpu {
 public:
  OnOneCpu();
  ~OnOneCpu();
  OnOneCpu(const OnOneCpu&) = delete;
  OnOneCpu& operator=(const OnOneCpu&) = delete;

 private:
  cpu_set_t before_;
};

}  // namespace faultline::fidelity
