#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/kernel/kernel_picture.h"
#include "common/capability.h"
#include "common/clock.h"
#include "common/impairment.h"
#include "common/prefix.h"
#include "common/program/nft_names.h"
#include "common/program/program.h"

namespace faultline {

// An interface that could carry faults: up, not loopback, not one of ours, with at least one global-scope address.
struct Interface {
  struct Address {
    IpAddress address;
    int prefix_length = 0;

    friend bool operator==(const Address&, const Address&) = default;
  };
  std::string name;
  std::vector<Address> addresses;
  // The kernel's number for it; another one with the same name is another interface.
  int index = 0;

  friend bool operator==(const Interface&, const Interface&) = default;
};

// A step whose rules are to act for `timeout` from now unless renewed; the kernel itself ends it
// then.
struct GateOpening {
  StepIndex step = 0;
  Duration timeout{0};
};

// What one impairment of a run does from now on.
struct LaneChange {
  StepIndex step = 0;
  Impairment impairment;
};

// What a step did since the run was installed.
struct RuleCounters {
  StepIndex step = 0;
  // That its rules chose. A packet is one as the hook saw it, often an aggregate of several on the wire. Bytes are
  // without link headers on the way in, and with them on the way out, but where clsact stands in for the hook.
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  // Of an impairment, packets as they are on the wire: those that its lanes let through, those that were lost as asked,
  // and those that found a lane's queue full.
  std::uint64_t passed = 0;
  std::uint64_t lost = 0;
  std::uint64_t overflowed = 0;

  friend bool operator==(const RuleCounters&, const RuleCounters&) = default;
};

// Something that somebody else did to a table, a device or an interface. A value.
struct ForeignChange {
  // The run whose object it was; absent: it concerns every run that uses the table, the device or any interface.
  std::optional<RunId> run;
  // The table that it was in or that it was; absent: something else.
  std::optional<NftFamily> table;
  // The number of the device; 0: something else.
  std::uint32_t device = 0;
  // It was the device's clsact.
  bool clsact = false;
  // The whole table or device was deleted.
  bool deleted = false;
  // "process 812 (nft) deleted the table netdev faultline: its faults act here no longer".
  std::string text;

  friend bool operator==(const ForeignChange&, const ForeignChange&) = default;
};

// The network namespace's kernel, as the agent changes it. Owns the nft tables "faultline" (family netdev, and family
// inet while a run needs it), ifb devices named "fl<n>" that carry the alias "faultline" and, where there is no egress
// hook, filters at interfaces' clsact (egress_detour.h); never touches any rule, set, qdisc, filter or device beside
// them.
//
// Threads: one thread at a time. Blocking: each call waits for the kernel's answer (microseconds to, for very large
// programs, a second); nothing else blocks.
// Errors: every method names the operation that failed; after an error of Install or Switch the kernel is as it was
// before the call. The exceptions are DATA_LOSS and DEADLINE_EXCEEDED, which say that the kernel's answer was lost:
// then only Remove or Reset makes sure.
// Lifetime: destroying the object removes what is installed. When the process is killed instead, the kernel removes the
// table where it has the owner flag, and ends every gate in any case; the next Reset() does the rest.
class Kernel {
 public:
  virtual ~Kernel() = default;

  // Finds what the kernel can do by trying each feature on throw-away tables and devices, in a network namespace of its
  // own where that can be made; removes them.
  virtual absl::StatusOr<CapabilitySet> Probe() = 0;

  // Candidates for Program::devices.
  virtual absl::StatusOr<std::vector<Interface>> Interfaces() = 0;

  // Known good: removes our table and our devices, whoever left them. OK when there is nothing.
  // FAILED_PRECONDITION when another live process owns the table (its agent).
  virtual absl::Status Reset() = 0;

  // Installs a run with every gate closed: no packet is treated differently. A run without rules is remembered, and
  // touches nothing. A VLAN or macvlan on another of the program's devices is acted on there, where its packets are
  // seen as well, so that nothing is done to them twice; but for steps that name the interface. ALREADY_EXISTS when the
  // run is installed, NOT_FOUND when a device does not exist, INVALID_ARGUMENT when the program makes no sense.
  virtual absl::Status Install(const Program& program) = 0;

  // In one atomic batch closes gates and opens others. Opening an open gate renews it: it then ends `timeout` from
  // now; no packet finds it closed meanwhile, nor both closed when a step gives way to a later one of the program.
  // Closing a closed or expired gate is no error. A timeout below 100 ms is raised to it. Steps without rules in the
  // program are passed over. NOT_FOUND when the run is not installed, or somebody flushed its table.
  virtual absl::Status Switch(const RunId& run, std::span<const StepIndex> close,
                              std::span<const GateOpening> open) = 0;

  // Asks the kernel a trifle, and takes no notice of the answer: within the next fraction of a millisecond Switch finds
  // its way warm, in the processor's caches. Measured in docs/PERFORMANCE.md, "fire".
  virtual void Warm() = 0;

  // Changes what lanes do, with their gates open or closed; packets that wait in them are neither dropped nor hurried.
  // NOT_FOUND when the run is not installed; steps without lanes in the program are passed over.
  virtual absl::Status Shape(const RunId& run, std::span<const LaneChange> changes) = 0;

  // Has a run act on one more interface, whose gates are those of the others. OK when it does already. NOT_FOUND when
  // the run is not installed or the interface does not exist.
  virtual absl::Status Attach(const RunId& run, const std::string& device) = 0;

  // By step.
  virtual absl::StatusOr<std::vector<RuleCounters>> ReadCounters(const RunId& run) = 0;

  // Whether a change is of what an installed run has in the kernel or, where it is neither of a table nor of a device,
  // whether the run has anything there. Asks the kernel nothing.
  virtual bool Concerns(const RunId& run, const ForeignChange& change) const = 0;

  // What is configured in the namespace, by whomever. Reads only. DEADLINE_EXCEEDED after kPictureTime, ABORTED when
  // others changed it all the while, RESOURCE_EXHAUSTED when it is too much.
  static constexpr Duration kPictureTime = std::chrono::seconds(1);
  virtual absl::StatusOr<KernelPicture> Picture() = 0;

  // Removes everything of a run, and the table and devices with the last one. OK when it is not installed. After an
  // error the run counts as installed: removing it again is trying again.
  virtual absl::Status Remove(const RunId& run) = 0;
};

}  // namespace faultline
