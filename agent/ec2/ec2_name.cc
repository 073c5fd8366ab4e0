#include "agent/ec2/ec2_name.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {

absl::StatusOr<NodeName> NameOnEc2(const Ec2Config& config, const Ec2Reading& reading) {
  if (config.name == Ec2Config::NameFrom::kInstanceId) return NodeName(reading.identity.instance_id);
  const std::string what = absl::StrCat("tag '", config.name_tag, "'");
  if (reading.name_tag.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("ec2: {name: tag:", config.name_tag,
                     "}: instance metadata shows no such tag; tag the instance, allow tags in "
                     "its metadata options, or give 'name'"));
  }
  FAULTLINE_RETURN_IF_ERROR(
      WithContext(CheckName(reading.name_tag, what), absl::StrCat("ec2: {name: tag:", config.name_tag, "}")));
  return NodeName(reading.name_tag);
}

}  // namespace faultline
