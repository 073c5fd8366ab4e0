#include "controller/policy/fault_kind.h"

namespace faultline {
namespace {

FaultKind KindOf(const OneWay& /*one_way*/) { return FaultKind::kBlock; }
FaultKind KindOf(const Between& /*between*/) { return FaultKind::kPartition; }
FaultKind KindOf(const Isolate& /*isolate*/) { return FaultKind::kIsolate; }
FaultKind KindOf(const Shape& /*shape*/) { return FaultKind::kPartition; }

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
  if (step.flap) kinds.push_back(FaultKind::kFlap);
  return kinds;
}

}  // namespace faultline
