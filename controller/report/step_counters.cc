#include "controller/report/step_counters.h"

namespace faultline {
namespace {

using Counters = google::protobuf::RepeatedPtrField<v1::StepCounters>;

const Counters& NewestOf(const v1::NodeRun& node) {
  return node.has_outcome() ? node.outcome().counters() : node.counters();
}

void AddTo(v1::StepCounters& sum, const v1::StepCounters& counters) {
  sum.set_packets(sum.packets() + counters.packets());
  sum.set_bytes(sum.bytes() + counters.bytes());
  sum.set_passed(sum.passed() + counters.passed());
  sum.set_lost(sum.lost() + counters.lost());
  sum.set_overflowed(sum.overflowed() + counters.overflowed());
}

}  // namespace

std::optional<v1::StepCounters> CountersOf(const v1::Run& run, std::uint32_t step) {
  std::optional<v1::StepCounters> sum;
  for (const v1::NodeRun& node : run.nodes()) {
    for (const v1::StepCounters& counters : NewestOf(node)) {
      if (counters.step() != step) continue;
      if (!sum) sum.emplace().set_step(step);
      AddTo(*sum, counters);
    }
  }
  return sum;
}

}  // namespace faultline
