#pragma once

#include "absl/status/status.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// What `faultline` exits with; documented in its help and README.
enum class ExitCode : int {
  // Done and, for a run, verified.
  kOk = 0,
  // The fault did not take, observation differed from the plan, the run was ended early, or the command failed.
  kFailed = 1,
  // Wrong usage, or an error in the plan.
  kUsage = 2,
  // A node or the controller refused, or its moment was missed; nothing was applied anywhere.
  kRefused = 3,
  // The controller does not answer.
  kUnreachable = 4,
  // `doctor`: a node is bad or silent; with --strict, or has a warning.
  kBadNode = 5,
};

inline ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
      return ExitCode::kUsage;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kPermissionDenied:
      return ExitCode::kRefused;
    case absl::StatusCode::kUnavailable:
      return ExitCode::kUnreachable;
    default:
      return ExitCode::kFailed;
  }
}

inline ExitCode ExitCodeOf(const v1::Run& run) {
  switch (run.outcome()) {
    case v1::OUTCOME_VERIFIED:
      return ExitCode::kOk;
    case v1::OUTCOME_REFUSED:
    case v1::OUTCOME_MISSED:
      return ExitCode::kRefused;
    default:
      return ExitCode::kFailed;
  }
}

}  // namespace faultline
