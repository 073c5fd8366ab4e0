#include "agent/ec2/ec2_start.h"

#include "absl/strings/str_cat.h"
#include "agent/ec2/ec2_name.h"
#include "agent/ec2/host_hardware.h"
#include "common/status.h"

namespace faultline {

Ec2Start Ec2Start::Look(const Ec2Config& config, const std::string& sys, const Clock& clock) {
  absl::StatusOr<std::unique_ptr<Ec2Reader>> reader = Ec2Reader::Open(config, DetectEc2(sys), clock);
  if (!reader.ok()) return {.reader = nullptr, .first = reader.status()};
  if (*reader == nullptr) {
    return {.reader = nullptr, .first = absl::NotFoundError("this host's firmware says that it is no EC2 instance")};
  }
  absl::StatusOr<Ec2Reading> first = (*reader)->ReadFirst();
  // Elsewhere nobody answers, and need not.
  if (!first.ok() && !(*reader)->expected()) reader->reset();
  return {.reader = *std::move(reader), .first = std::move(first)};
}

absl::StatusOr<NodeName> Ec2Start::Name(const Ec2Config& config) const {
  if (first.ok()) return NameOnEc2(config, *first);
  return absl::Status(first.status().code(),
                      absl::StrCat("ec2: {name: ...}: instance metadata gives no name: ", first.status().message(),
                                   "; or give 'name', or ec2: {name: hostname}"));
}

std::string Ec2Start::Describe() const {
  const Ec2Identity& is = first->identity;
  std::string text = is.instance_id;
  if (!is.instance_type.empty()) absl::StrAppend(&text, " (", is.instance_type, ")");
  const std::string& place = is.availability_zone.empty() ? is.region : is.availability_zone;
  if (!place.empty()) absl::StrAppend(&text, " in ", place);
  for (const std::string& id : {is.vpc_id, is.subnet_id}) {
    if (!id.empty()) absl::StrAppend(&text, ", ", id);
  }
  return text;
}

}  // namespace faultline
