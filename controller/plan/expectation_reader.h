#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/document/document.h"
#include "common/document/text_error.h"
#include "common/document/value_reader.h"
#include "controller/plan/allowance.h"
#include "controller/plan/group_names.h"
#include "controller/plan/plan.h"
#include "controller/plan/step_names.h"

namespace faultline {

// Reads what a plan expects to observe, beyond what its faults imply. Not thread-safe.
class ExpectationReader {
 public:
  // What an observed delay may differ by unless the plan says: this share of it, or this long if that is more.
  static constexpr Ratio kWithin = Ratio::Percent(10);
  static constexpr Duration kWithinLeast = std::chrono::milliseconds(5);
  // What an observed loss may differ by, in points of per cent.
  static constexpr Ratio kLossWithin = Ratio::Percent(5);

  // Both must outlive the reader.
  ExpectationReader(GroupNames& groups, TextErrors& errors) : groups_(groups), errors_(errors) {}

  // The value of a step's "expect": without the step's name in it.
  std::vector<Expectation> ReadOfStep(const DocumentValue& value, const PlanStep& step);
  // Adds what ReadOfStep gave as that of the step of this name: again for every repetition.
  void Add(const std::vector<Expectation>& of_step, const std::string& step, std::vector<Expectation>& expectations);
  // The value of the plan's "expect".
  std::vector<Expectation> Read(const DocumentValue& value, const StepNames& steps);

 private:
  using What = std::variant<Reachability, NearDelay, NearLoss>;
  struct Edge {
    std::string from;
    std::string to;
    bool both_ways = false;
  };

  void ReadItem(const DocumentValue& value, const PlanStep& step, std::vector<Expectation>& expectations);
  std::vector<What> ReadFacts(const Record& record);
  // "unreachable", "rtt ~ 80ms", "loss ~ 1% within 2%".
  std::optional<What> ReadShort(const DocumentValue& value);
  std::optional<What> ReadReach(const DocumentValue& value);
  std::optional<What> ReadDelay(const DocumentValue& near, const DocumentValue* within, bool round_trip);
  std::optional<What> ReadLoss(const DocumentValue& near, const DocumentValue* within);
  std::optional<What> ReadFigure(const DocumentValue& near, const DocumentValue* within, absl::string_view key);
  // Those that the mapping names; empty without any.
  std::vector<Edge> ReadEdges(const Record& record);
  // Those of the step's own ends; an error at `position` when they are only known once drawn.
  std::vector<Edge> EdgesOf(const PlanStep& step, SourcePosition position);
  static std::vector<Edge> EveryPair(const std::vector<std::string>& groups);
  void AddAll(const std::vector<Edge>& edges, const std::vector<What>& facts, SourcePosition position,
              std::vector<Expectation>& expectations);

  // False once there are too many.
  bool Take(Allowance& allowance, SourcePosition position);

  GroupNames& groups_;
  TextErrors& errors_;
  // As they are read, and as repetitions have them.
  Allowance read_{10'000, "expectations"};
  Allowance repeated_{10'000, "expectations"};
  bool full_ = false;
};

}  // namespace faultline
