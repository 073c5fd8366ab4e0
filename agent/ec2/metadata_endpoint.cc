#include "agent/ec2/metadata_endpoint.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/metrics/metrics_address.h"

namespace faultline {
namespace {

constexpr absl::string_view kScheme = "http://";

}  // namespace

MetadataEndpoint MetadataEndpoint::Ipv4() { return {.address = *IpAddress::Parse("169.254.169.254")}; }

MetadataEndpoint MetadataEndpoint::Ipv6() { return {.address = *IpAddress::Parse("fd00:ec2::254")}; }

absl::StatusOr<MetadataEndpoint> MetadataEndpoint::Parse(absl::string_view text) {
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, kScheme)) {
    for (const std::string& place : {std::string(rest), absl::StrCat(rest, ":80")}) {
      const absl::StatusOr<MetricsAddress> read = MetricsAddress::Parse(place);
      if (read.ok()) return MetadataEndpoint{.address = read->address, .port = read->port};
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "'", text, "' is no address of instance metadata, such as http://169.254.169.254 or http://[fd00:ec2::254]:80"));
}

std::string MetadataEndpoint::ToString() const { return absl::StrCat(kScheme, Host()); }

std::string MetadataEndpoint::Host() const { return MetricsAddress{.address = address, .port = port}.ToString(); }

}  // namespace faultline
