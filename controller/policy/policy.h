#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/document/text_error.h"
#include "common/prefix_set.h"
#include "common/ratio.h"
#include "controller/access/role.h"
#include "controller/policy/fault_kind.h"
#include "controller/policy/hours.h"

namespace faultline {

// One rule: conditions that must all hold. One that is empty or absent always does. Groups, envs and the values of
// labels may be globs.
struct PolicyRule {
  enum class Kind : std::uint8_t { kAllow, kDeny, kApprove };
  Kind kind = Kind::kAllow;
  SourcePosition position;

  std::vector<Role> roles;
  std::vector<std::string> users;
  std::optional<Hours> hours;
  // Of a fault.
  std::vector<FaultKind> faults;
  std::vector<std::string> groups;
  PrefixSet cidrs;
  // Of a node: its label "env", and others.
  std::vector<std::string> envs;
  std::map<std::string, std::vector<std::string>> labels;
  // Of kAllow: the longest time from the first fault to the last, and of the connected nodes that the rule speaks of
  // the most that a plan may act on.
  std::optional<Duration> max_duration;
  std::optional<Ratio> max_share;
  // Of kDeny and kApprove: for people.
  std::string reason;
};

// Who may run what, when. A value.
struct Policy {
  // What messages call it.
  std::string file_name;
  // In the order of the text.
  std::vector<PolicyRule> rules;
};

// Reads the text of a policy. INVALID_ARGUMENT lists every error, each a line "path:line:column: what". docs/POLICY.md
// has the language. Pure.
absl::StatusOr<Policy> ParsePolicy(absl::string_view text, absl::string_view path);

}  // namespace faultline
