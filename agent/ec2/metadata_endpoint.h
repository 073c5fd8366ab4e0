#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/prefix.h"

namespace faultline {

// Where instance metadata is asked for: HTTP, TCP. A value.
struct MetadataEndpoint {
  IpAddress address;
  std::uint16_t port = 80;

  // 169.254.169.254 and fd00:ec2::254, as EC2's guide "Access instance metadata" has them.
  static MetadataEndpoint Ipv4();
  static MetadataEndpoint Ipv6();
  // Reads "http://169.254.169.254", "http://[fd00:ec2::254]:80". INVALID_ARGUMENT otherwise, also for a host's name:
  // who answers for a name may be anyone.
  static absl::StatusOr<MetadataEndpoint> Parse(absl::string_view text);

  // As Parse reads it, always with the port.
  std::string ToString() const;
  // As the header Host has it: "169.254.169.254:80".
  std::string Host() const;

  friend bool operator==(const MetadataEndpoint&, const MetadataEndpoint&) = default;
};

}  // namespace faultline
