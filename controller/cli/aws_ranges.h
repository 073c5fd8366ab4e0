#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/prefix_set.h"

namespace faultline {

// Which of the ranges that AWS publishes: of any of these services, in any of these regions; empty: all.
struct AwsRangesQuery {
  std::vector<std::string> services;
  std::vector<std::string> regions;
};

// Reads AWS's ip-ranges.json ("prefixes" with ip_prefix, "ipv6_prefixes" with ipv6_prefix, each with region and
// service, as https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-ranges.html describes) and gives what the query
// asks for, merged. INVALID_ARGUMENT: no such JSON, a prefix that is none, or nothing found, with the nearest name.
absl::StatusOr<PrefixSet> ReadAwsRanges(absl::string_view json, const AwsRangesQuery& query);

}  // namespace faultline
