#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "agent/kernel/foreign_change.h"
#include "agent/kernel/kernel.h"
#include "agent/kernel/lane.h"
#include "agent/kernel/link_table.h"
#include "agent/kernel/nft_batch.h"
#include "agent/kernel/nft_program.h"
#include "agent/kernel/nl_conversation.h"
#include "agent/kernel/rt_socket.h"

namespace faultline {

// The Kernel of the network namespace in which it was opened: nftables by one netlink socket, links,
// qdiscs and filters by another. Every change of rules is one batch over both tables, which the kernel carries out
// whole or not at all. Each table exists while a run with rules in it is installed; a lane while its run is; the lane
// that swallows while any run needs it.
class LinuxKernel : public Kernel {
 public:
  struct Options {
    // Make the tables owned by this object's socket, where the kernel can.
    bool use_table_owner = true;
  };

  // UNAVAILABLE, naming the module, when the kernel has no nf_tables; PERMISSION_DENIED without
  // CAP_NET_ADMIN. Touches nothing that outlives the call.
  static absl::StatusOr<std::unique_ptr<LinuxKernel>> Open(const Options& options);
  static absl::StatusOr<std::unique_ptr<LinuxKernel>> Open() { return Open(Options()); }
  // The same over sockets that are there already, both of one network namespace: that of netfilter and that of routing.
  static absl::StatusOr<std::unique_ptr<LinuxKernel>> Open(const Options& options,
                                                           std::unique_ptr<NlTransport> netfilter, RtSocket route);

  // Removes what is still installed.
  ~LinuxKernel() override;

  absl::StatusOr<CapabilitySet> Probe() override;
  absl::StatusOr<std::vector<Interface>> Interfaces() override;
  absl::Status Reset() override;
  // FAILED_PRECONDITION when a table is there that this object did not make: Reset() first; with
  // Program::egress_by_clsact also when another program's qdisc or filter is in the way. NOT_FOUND when an interface
  // does not exist. RESOURCE_EXHAUSTED, UNIMPLEMENTED or NOT_FOUND when a lane cannot be made.
  absl::Status Install(const Program& program) override;
  absl::Status Switch(const RunId& run, std::span<const StepIndex> close, std::span<const GateOpening> open) override;
  void Warm() override;
  // INVALID_ARGUMENT when a lane cannot do it, being of another kind; then none is changed. After any other error
  // those before the one that failed are changed.
  absl::Status Shape(const RunId& run, std::span<const LaneChange> changes) override;
  // Also when the interface is back after it had vanished. Of two runs' impairments on an attached interface the one
  // attached later wins. INVALID_ARGUMENT for loopback.
  absl::Status Attach(const RunId& run, const std::string& device) override;
  absl::StatusOr<std::vector<RuleCounters>> ReadCounters(const RunId& run) override;
  bool Concerns(const RunId& run, const ForeignChange& change) const override;
  // By sockets opened for it: the calling thread must be in the namespace.
  absl::StatusOr<KernelPicture> Picture() override;
  absl::Status Remove(const RunId& run) override;

  // Called with true before, and with false after, a batch that adds many elements; on the thread that calls Install.
  // For a process that listens to changes of nftables: the kernel would make a notice of each element for it. Once,
  // before the first Install.
  using LargeBatch = std::function<void(bool begins)>;
  void OnLargeBatch(LargeBatch told) { large_batch_ = std::move(told); }

  // By which it changes the kernel.
  NetlinkPorts ports() const { return {.netfilter = nft_.port_id(), .route = route_.port_id()}; }

 private:
  struct RunLane {
    StepIndex step = 0;
    Direction direction = Direction::kIngress;
    Lane lane;
    LaneSpec spec;
  };
  struct Run {
    // Without the devices that lie on another one.
    Program program;
    RunObjects objects;
    std::vector<RunLane> lanes;
    // Whether it needs the lane that swallows.
    bool swallows = false;
    // The interfaces, by number, whose clsact sends packets through lanes of the run.
    std::set<std::uint32_t> detoured;
  };

  LinuxKernel(NlConversation conversation, RtSocket route, bool owner);

  // Whether a run has rules in the table, `except` apart.
  bool TableUsed(NftFamily table, const RunId& except) const;
  bool BlackholeUsed(const RunId& except) const;
  absl::Status MakeLanes(Run& run);
  absl::Status DropLanes(Run& run);
  // The lanes that what goes out has to be sent through by clsact.
  std::vector<Lane> LanesByClsact(const Run& run) const;
  absl::Status AddDetours(Run& run, const std::string& device, std::uint32_t index);
  absl::Status DropDetours(Run& run);
  absl::Status CommitInstall(Run& run, const std::map<std::string, Device>& devices);
  absl::Status CommitRemove(const Run& run);
  absl::Status CommitRemoveFrom(const Run& run, std::span<const NftFamily> tables);
  // Those where no base chain of the run sees the device's packets, of the netdev family.
  absl::StatusOr<std::vector<Place>> PlacesWithout(const Run& run, const std::string& device);
  absl::Status AddNftCounters(const Run& run, std::map<StepIndex, RuleCounters>& counters);
  absl::Status AddLaneCounters(const Run& run, std::map<StepIndex, RuleCounters>& counters);

  NlConversation nft_;
  RtSocket route_;
  // Whether our tables have the owner flag.
  const bool owner_;
  std::optional<Lane> blackhole_;
  std::map<RunId, Run> runs_;
  LargeBatch large_batch_;
};

}  // namespace faultline
