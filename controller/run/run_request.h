#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "controller/access/principal.h"
#include "controller/guard/host_work.h"
#include "controller/plan/plan.h"

namespace faultline {

// What is asked of the controller: a plan that was read without errors, and when and how to run it. A value.
struct RunRequest {
  Plan plan;
  std::string plan_text;
  std::string file_name;
  // On whose word.
  Principal starter;
  // When to begin; absent: at once.
  std::optional<WallTime> due;
  // Wait for runs that have nodes in common with it, instead of being refused.
  bool queue = false;
  // Empty, or at most 128 printable characters of ASCII.
  std::string request_id;
  // Of which it is; empty: of none.
  std::string schedule_name;
  // Moments of the schedule that passed unused before this one.
  int passed = 0;
};

// INVALID_ARGUMENT when its id cannot be one.
absl::Status CheckRequestId(const std::string& request_id);

// Whether the plan would have this host run programs: FAILED_PRECONDITION at the first place that does, naming the
// configuration's key.
absl::Status CheckNoCommands(const Plan& plan, const std::string& file_name);

// Whether a plan that runs commands may come from there: PERMISSION_DENIED unless `peer`, as gRPC calls the caller, is
// on the Unix socket. Whoever reaches the agents' port must not thereby have this host run programs.
absl::Status CheckCommandsFrom(absl::string_view peer, const Plan& plan, const std::string& file_name);

// Names of the plan's "dns", each once.
std::vector<std::string> NamesOf(const Plan& plan);
// Gives every group of the plan the addresses of its names.
void AddAddresses(const LookedUp& names, Plan& plan);

}  // namespace faultline
