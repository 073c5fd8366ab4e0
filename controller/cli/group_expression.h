#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// A group as one word of a command line:
//   172.32.0.0/16,fd20::/48   CIDRs or addresses
//   region=eu-west-2,az=*a    labels, all of which must match
//   lon-1,lon-2*              node names or globs
//   @prefixes.txt             a file of CIDRs, one a line; '#' begins a comment
// Turned into the group's mapping in the plan language ("{cidrs: [\"172.32.0.0/16\", \"fd20::/48\"]}").
// INVALID_ARGUMENT names the word and what it may be; a file's errors name file and line.
absl::StatusOr<std::string> GroupYaml(absl::string_view expression);

// Any text as one value on one line of the plan language: "\"lon-1\"".
std::string QuotedYaml(absl::string_view text);
// The same of a list: "[\"lon-1\", \"lon-2\"]".
std::string QuotedYaml(const std::vector<std::string>& texts);

}  // namespace faultline
