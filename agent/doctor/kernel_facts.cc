#include "agent/doctor/kernel_facts.h"

#include <sys/utsname.h>

#include "common/file.h"

namespace faultline {

Platform ReadPlatform() {
  utsname system{};
  const bool known = uname(&system) == 0;
  // Without the file there is no advice on packages.
  return ParseOsRelease(ReadFile("/etc/os-release").value_or(""), known ? system.release : "");
}

KernelFacts ReadKernelFacts(absl::StatusOr<CapabilitySet> has) {
  KernelFacts facts{.platform = ReadPlatform(), .machine = {}, .has = std::move(has), .modules = {}};
  utsname system{};
  if (uname(&system) == 0) facts.machine = system.machine;
  facts.modules = ReadModuleTable(facts.platform.kernel_release);
  return facts;
}

}  // namespace faultline
