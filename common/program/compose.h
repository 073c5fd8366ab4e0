#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/capability.h"
#include "common/program/program.h"
#include "common/timeline.h"

namespace faultline {

// What this node brings to every program. A value.
struct NodeFacts {
  // Interfaces that may be acted on, as the agent's config and guard leave them.
  std::vector<std::string> devices;
  Protected protect;
  // What the kernel was found to have.
  CapabilitySet has;
  Platform platform;
  std::uint64_t lane_memory = Program::kDefaultLaneMemory;
};

// A timeline as the program this node's kernel needs for it. Pure: no clock, no kernel. Steps without rules are left
// out, and the others put into the order that Program::steps asks for; a match that a step names twice in one direction
// is taken once.
// FAILED_PRECONDITION when this node cannot do it: no interface, or a kernel that lacks what a step needs. It names
// the step and what to mend.
// REQUIRES: CheckTimeline(timeline) is OK.
absl::StatusOr<Program> Compose(const Timeline& timeline, const NodeFacts& facts);

}  // namespace faultline
