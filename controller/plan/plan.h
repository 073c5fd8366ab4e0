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

// A fault on packets of one direction.
struct OneWay {
  std::string from;
  std::string to;
};

// A fault on all packets between any two of the groups, both ways.
struct Between {
  std::vector<std::string> groups;
};

using Ends = std::variant<OneWay, Between>;

struct PlanStep {
  std::string name;
  SourcePosition position;
  Duration at{0};
  Duration length{0};
  Ends ends;
  Effect effect;
  // Without except_addresses: those are `exclude`. `ports` of a OneWay are destination ports, of a Between they count
  // on either end.
  PacketFilter filter;
  // Packets from or to these are spared.
  PrefixSet exclude;
  std::optional<Flap> flap;
  std::optional<Ramp> ramp;
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
