#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "agent/ec2/ec2_config.h"
#include "agent/ec2/ec2_identity.h"
#include "agent/ec2/ec2_reader.h"
#include "common/clock.h"
#include "common/name.h"

namespace faultline {

// What is known of EC2 as the agent starts. Off EC2 that takes no time at all where the firmware says so, else at most
// 250 ms.
struct Ec2Start {
  // For further looks; null: there is nothing to look at.
  std::unique_ptr<Ec2Reader> reader;
  // Of the first look, or why there was none.
  absl::StatusOr<Ec2Reading> first;

  // `sys` is where sysfs is mounted; `clock` must outlive the reader.
  static Ec2Start Look(const Ec2Config& config, const std::string& sys, const Clock& clock);

  // As NameOnEc2; what the first look failed with, and the mend, when there is nothing to take a name from. REQUIRES:
  // the name is not to be the host's.
  absl::StatusOr<NodeName> Name(const Ec2Config& config) const;
  // "i-0123456789abcdef0 (m7g.large) in eu-west-2a, vpc-12ab, subnet-34cd"; for the log. REQUIRES: first.ok().
  std::string Describe() const;
};

}  // namespace faultline
