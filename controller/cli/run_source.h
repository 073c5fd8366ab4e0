#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/cli/command_line.h"
#include "faultline/v1/control.pb.h"

namespace faultline {

// How a plan is started and followed.
struct RunArguments {
  bool watch = false;
  bool detach = false;
  bool queue = false;
  // As ParseMoment reads it; empty: now.
  std::string at;
  std::string request_id;
  // A length of time; empty: as the plan says.
  std::string wait_verified;
};

// Adds the options of a verb that runs something.
void AddRunOptions(CLI::App& verb, RunArguments& arguments);

// Starts a plan and follows it to its end, which is printed. One that is to begin later, or that is detached, is not
// followed: its id is printed.
absl::StatusOr<ExitCode> RunSource(const CommonArguments& common, const v1::PlanSource& source,
                                   const RunArguments& arguments);

}  // namespace faultline
