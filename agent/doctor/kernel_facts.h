#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "agent/doctor/module_table.h"
#include "common/capability.h"
#include "common/examination.h"

namespace faultline {

// What this node's kernel is, and can do. A value.
struct KernelFacts {
  Platform platform;
  // As uname has it: "x86_64".
  std::string machine;
  // Found by trying it; an error where it could not be tried.
  absl::StatusOr<CapabilitySet> has = absl::UnknownError("not tried");
  ModuleTable modules;
};

// Touches nothing: `has` is what others have tried, or what ProbeApart finds.
KernelFacts ReadKernelFacts(absl::StatusOr<CapabilitySet> has);
// /etc/os-release and uname.
Platform ReadPlatform();

// "kernel"; "modules"; one finding for each capability, such as "egress-hook"; "dead-man". Pure.
Examination JudgeKernel(const KernelFacts& facts);

}  // namespace faultline
