#include "controller/report/log_filter.h"

#include <google/protobuf/util/time_util.h>

namespace faultline {
namespace {

using google::protobuf::util::TimeUtil;

bool IsOnRecord(v1::EventKind kind) {
  switch (kind) {
    case v1::EVENT_KIND_STEP_FIRED:
    case v1::EVENT_KIND_STEP_HEALED:
    case v1::EVENT_KIND_NODE_ENDED:
    case v1::EVENT_KIND_LEASE_LOST:
    case v1::EVENT_KIND_RUN_ENDED:
    // As a guard that was checked.
    case v1::EVENT_KIND_GUARD_FAILED:
    case v1::EVENT_KIND_FOREIGN_CHANGE:
      return true;
    default:
      return false;
  }
}

}  // namespace

LogFilter::LogFilter(const v1::Run& run) : run_(run) {
  for (const v1::NodeRun& node : run.nodes()) nodes_.insert(node.node());
  for (const v1::StageVerdict& stage : run.stages()) {
    for (const v1::EdgeVerdict& edge : stage.edges()) {
      nodes_.insert(edge.from());
      nodes_.insert(edge.to());
    }
  }
}

bool LogFilter::Takes(const v1::Event& event) const {
  if (!event.run_id().empty()) return event.run_id() == run_.id() && !IsOnRecord(event.kind());
  if (!nodes_.contains(event.node())) return false;
  if (event.time() < (run_.has_due() ? run_.due() : run_.created())) return false;
  return !run_.has_ended() || !(run_.ended() < event.time());
}

}  // namespace faultline
