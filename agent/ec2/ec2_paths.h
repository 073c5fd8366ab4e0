#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace faultline {

// What the answers of instance metadata may be made of; whatever else comes is garbage. Pure.

// "i-0123456789abcdef0", "eu-west-2a", "vpc-12ab": 1 to 64 of lower-case letters, digits, '-'.
bool IsEc2Id(absl::string_view text);
// "m7g.large", "u-12tb1.112xlarge": those, and '.'.
bool IsInstanceType(absl::string_view text);
// "0a:ff:00:11:22:33", in lower case.
bool IsMac(absl::string_view text);
// A tag's key as EC2's guide "View tags for your EC2 instances using instance metadata" allows it there: 1 to 128 of
// letters, digits and "+-=.,_:@"; neither "." nor ".." nor "_index".
bool IsTagKey(absl::string_view text);
// At most 256 bytes of UTF-8 without control characters: what a controller takes as a label.
bool IsTagValue(absl::string_view text);

// The lines of a list, without blank ones; nullopt when there are more than `most`.
std::optional<std::vector<std::string>> ReadLines(absl::string_view text, std::size_t most);

}  // namespace faultline
