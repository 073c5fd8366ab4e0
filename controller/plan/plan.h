#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/clock.h"
#include "common/document/text_error.h"
#include "common/prefix_set.h"
#include "common/timeline.h"

namespace faultline {

// A set of hosts. Members are the nodes with an address inside `cidrs`, those named by `nodes`, and those that have
// all of `labels`.
struct Group {
  std::string name;
  SourcePosition position;
  PrefixSet cidrs;
  // Names or globs ('*', '?').
  std::vector<std::string> nodes;
  // Every one must match; values may be globs.
  std::map<std::string, std::string> labels;
};

// Packets of one direction vanish.
struct BlockFault {
  std::string from;
  std::string to;
};

// No packet passes between any two of the groups.
struct PartitionFault {
  std::vector<std::string> groups;
};

using Fault = std::variant<BlockFault, PartitionFault>;

struct PlanStep {
  std::string name;
  SourcePosition position;
  Duration at{0};
  Duration length{0};
  Fault fault;
};

// A plan as its author wrote it. A value; ParsePlan only makes ones in which every group exists.
struct Plan {
  std::string name;
  std::string description;
  std::uint64_t seed = 0;
  ControllerLoss on_controller_loss = ControllerLoss::kHeal;
  // By name.
  std::map<std::string, Group> groups;
  // In the order of the text.
  std::vector<PlanStep> steps;
};

}  // namespace faultline
