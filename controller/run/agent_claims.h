#pragma once

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/clock.h"
#include "faultline/v1/agent_session.pb.h"

namespace faultline {

// What an agent says is taken for true only within what an honest one can say, so that one that lies can fill neither
// the controller's memory nor other nodes' figures. Pure; all of them INVALID_ARGUMENT, naming what cannot be.

// The greatest message of an agent, in bytes: of observations, and of anything else.
inline constexpr std::size_t kLargestObservation = 1 << 20;
inline constexpr std::size_t kLargestWord = 1 << 18;
absl::Status CheckSize(const v1::SessionRequest& message);

// The number and lengths of what a node says of itself, and of what EC2 is to have said of it, the characters too.
absl::Status CheckNode(const v1::NodeInfo& info);

// The number and lengths of what a node has found of itself.
absl::Status CheckExamination(const v1::Examination& examination);

// How far ahead of the controller's clock a node's mapping of it may be.
inline constexpr Duration kMostAhead = std::chrono::minutes(1);

// That nothing was seen later than now, and of known nodes alone. Malformed times are left to those who read them.
absl::Status CheckObservation(const v1::Observation& observation, ControllerTime now,
                              absl::FunctionRef<bool(const std::string&)> is_node);

}  // namespace faultline
