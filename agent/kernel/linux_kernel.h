#pragma once

#include <map>
#include <memory>
#include <optional>

#include "agent/kernel/kernel.h"
#include "agent/kernel/lane.h"
#include "agent/kernel/nft_batch.h"
#include "agent/kernel/nft_program.h"
#include "agent/kernel/nl_conversation.h"
#include "agent/kernel/rt_socket.h"

namespace faultline {

// The Kernel of the network namespace in which it was opened: nftables by one netlink socket, links
// and qdiscs by another. Every change of rules is one batch, which the kernel carries out whole or
// not at all. The table exists while a run with rules is installed; the lane while a run that needs
// it is.
class LinuxKernel : public Kernel {
 public:
  struct Options {
    // Make the table owned by this object's socket, where the kernel can.
    bool use_table_owner = true;
  };

  // UNAVAILABLE, naming the module, when the kernel has no nf_tables; PERMISSION_DENIED without
  // CAP_NET_ADMIN. Touches nothing that outlives the call.
  static absl::StatusOr<std::unique_ptr<LinuxKernel>> Open(const Options& options);
  static absl::StatusOr<std::unique_ptr<LinuxKernel>> Open() { return Open(Options()); }

  // Removes what is still installed.
  ~LinuxKernel() override;

  absl::StatusOr<KernelCapabilities> Probe() override;
  absl::StatusOr<std::vector<Interface>> Interfaces() override;
  absl::Status Reset() override;
  // FAILED_PRECONDITION when a table is there that this object did not make: Reset() first. NOT_FOUND when an
  // interface does not exist. RESOURCE_EXHAUSTED, UNIMPLEMENTED or NOT_FOUND when the lane cannot be made.
  absl::Status Install(const Program& program) override;
  absl::Status Switch(const RunId& run, std::span<const StepIndex> close, std::span<const GateOpening> open) override;
  absl::StatusOr<std::vector<RuleCounters>> ReadCounters(const RunId& run) override;
  absl::Status Remove(const RunId& run) override;

 private:
  struct Run {
    RunObjects objects;
    std::vector<StepIndex> steps;
    bool uses_lane = false;
  };

  LinuxKernel(NlConversation conversation, RtSocket route, bool owner);

  // Whether a run has rules in the kernel, `except` apart.
  bool TableUsed(const RunId& except) const;
  bool LaneUsed(const RunId& except) const;
  absl::Status CommitInstall(const Program& program, const Run& run);
  absl::Status CommitRemove(const RunId& name, const Run& run);
  absl::Status DropLaneUnlessUsed(const RunId& except);

  NlConversation nft_;
  RtSocket route_;
  // Whether our table has the owner flag.
  const bool owner_;
  std::optional<BlackholeLane> lane_;
  std::map<RunId, Run> runs_;
};

}  // namespace faultline
