#include "agent/local_verbs.h"

#include "absl/strings/str_cat.h"
#include "agent/kernel/linux_kernel.h"
#include "agent/kernel/standing_faults.h"
#include "agent/local_client.h"
#include "agent/owner_process.h"
#include "agent/timeline/real_time.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr char kNothingLeft[] = "nothing of faultline is left in this kernel";

absl::Status Reset() {
  FAULTLINE_ASSIGN_OR_RETURN(const auto kernel, LinuxKernel::Open());
  return kernel->Reset();
}

// Of an agent that cannot be asked, but owns what is there.
absl::StatusOr<std::string> HealByKill(const HealOptions& options, const absl::Status& refused) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto port, ReadOwnerPort());
  if (port && options.may_kill) {
    absl::StatusOr<OwnerProcess> owner = OwnerProcess::Find(*port);
    if (owner.ok()) {
      FAULTLINE_RETURN_IF_ERROR(owner->Kill());
      // Whoever restarts it may have done so by now: that one is asked.
      FAULTLINE_ASSIGN_OR_RETURN(const std::string healed, HealNode({.runtime = options.runtime, .may_kill = false}));
      return absl::StrCat("killed the agent, process ", owner->pid(), ", which did not answer; ", healed);
    }
  }
  return absl::FailedPreconditionError(absl::StrCat(
      refused.message(),
      "; its faults end by themselves within their lease (`faultline-agent status` says when), and at once "
      "when that process is killed (kill -9)"));
}

}  // namespace

absl::StatusOr<std::string> HealNode(const HealOptions& options) {
  const absl::StatusOr<std::size_t> asked = AskToHeal(options.runtime);
  if (asked.ok()) return absl::StrCat("healed: the agent ended ", *asked, " runs");
  const absl::Status reset = Reset();
  if (reset.ok()) return absl::StrCat("healed: ", asked.status().message(), "; ", kNothingLeft);
  if (!absl::IsFailedPrecondition(reset)) return reset;
  return HealByKill(options, reset);
}

absl::StatusOr<std::string> MakeAgentRealTime(const std::string& runtime) {
  const LocalAgent agent = AskForStatus(runtime);
  if (!agent.pid) return agent.status.status();
  const absl::Status made = MakeRealTime(*agent.pid);
  if (absl::IsPermissionDenied(made)) {
    return absl::FailedPreconditionError(
        absl::StrCat(made.message(), ": run this as root, in a control group that may have real-time threads"));
  }
  FAULTLINE_RETURN_IF_ERROR(made);
  return absl::StrCat("the agent, process ", *agent.pid, ", carries faults out at real-time priority");
}

absl::StatusOr<NodeStatus> ReadNodeStatus(const std::string& runtime) {
  // The kernel last: an agent that hangs takes a while not to answer.
  NodeStatus status{.agent = AskForStatus(runtime), .kernel = {}};
  FAULTLINE_ASSIGN_OR_RETURN(status.kernel, ReadStandingFaults());
  return status;
}

}  // namespace faultline
