#include "controller/policy/fault_kind.h"

namespace faultline {
namespace {

FaultKind KindOf(const OneWay& /*one_way*/) { return FaultKind::kBlock; }
FaultKind KindOf(const Between& /*between*/) { return FaultKind::kPartition; }
FaultKind KindOf(const Isolate& /*isolate*/) { return FaultKind::kIsolate; }
FaultKind KindOf(const Shape& /*shape*/) { return FaultKind::kPartition; }

// An impairment after which nothing arrives, if only at the end of its ramp.
bool LosesAll(const PlanStep& step) {
  const auto* impairment = std::get_if<Impairment>(&step.effect);
  return impairment != nullptr && (impairment->MeanLoss() >= 1 || (step.ramp && step.ramp->to.MeanLoss() >= 1));
}

}  // namespace

const std::vector<std::string>& FaultKindNames() {
  static const std::vector<std::string>& names =
      *new std::vector<std::string>{"block", "partition", "isolate", "impair", "flap"};
  return names;
}

std::vector<FaultKind> KindsOf(const PlanStep& step) {
  const bool impairs = std::holds_alternative<Impairment>(step.effect);
  std::vector<FaultKind> kinds = {impairs ? FaultKind::kImpair
                                          : std::visit([](const auto& ends) { return KindOf(ends); }, step.ends)};
  if (LosesAll(step)) kinds.push_back(std::visit([](const auto& ends) { return KindOf(ends); }, step.ends));
  if (step.flap) kinds.push_back(FaultKind::kFlap);
  return kinds;
}

}  // namespace faultline
