#include "agent/ec2/ec2_name.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {

absl::StatusOr<NodeName> NameOnEc2(const Ec2Config& config, const Ec2Reading& reading) {
  if (config.name == Ec2Config::NameFrom::kInstanceId) return NodeName(reading.identity.instance_id);
  const std::string key = absl::StrCat("ec2: {name: tag:", config.name_tag, "}");
  const absl::StatusOr<std::string>& tag = reading.name_tag;
  if (absl::IsNotFound(tag.status()) || (tag.ok() && tag->empty())) {
    return absl::FailedPreconditionError(absl::StrCat(key,
                                                      ": instance metadata shows no such tag; tag the instance, allow "
                                                      "tags in its metadata options, or give 'name'"));
  }
  FAULTLINE_RETURN_IF_ERROR(WithContext(tag.status(), key));
  if (const absl::Status name = CheckName(*tag, absl::StrCat("tag '", config.name_tag, "'")); !name.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(key, ": ", name.message()));
  }
  return NodeName(*tag);
}

}  // namespace faultline
