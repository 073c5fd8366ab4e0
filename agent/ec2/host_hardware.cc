#include "agent/ec2/host_hardware.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/file.h"

namespace faultline {

OnEc2 DetectEc2(const std::string& sys) {
  const auto read = [&sys](const char* path) {
    return std::string(absl::StripAsciiWhitespace(ReadFile(sys + path).value_or("")));
  };
  const std::string vendor = read("/class/dmi/id/sys_vendor");
  const std::string uuid = read("/hypervisor/uuid");
  if (vendor == "Amazon EC2" || absl::EndsWithIgnoreCase(read("/class/dmi/id/bios_version"), "amazon") ||
      absl::StartsWithIgnoreCase(uuid, "ec2")) {
    return OnEc2::kYes;
  }
  return vendor.empty() && uuid.empty() ? OnEc2::kUnknown : OnEc2::kNo;
}

}  // namespace faultline
