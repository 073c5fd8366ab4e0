#pragma once

#include <optional>

#include "absl/strings/string_view.h"

namespace faultline {

// What somebody may do at the controller. Each may do what those before it may.
enum class Role {
  // See nodes, runs, reports and events.
  kViewer,
  // Start and end runs within the policy, and keep schedules.
  kOperator,
  // Admit nodes and people, and send them away.
  kAdmin,
};

// "viewer", "operator" or "admin".
absl::string_view NameOf(Role role);

// The role of this name; none when there is no such role.
std::optional<Role> RoleNamed(absl::string_view name);

}  // namespace faultline
