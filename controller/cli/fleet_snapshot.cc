#include "controller/cli/fleet_snapshot.h"

#include <algorithm>
#include <set>
#include <string>

#include "common/status.h"
#include "controller/cli/wire_time.h"

namespace faultline {
namespace {

using Stub = v1::ControlService::Stub;

// Runs that wait are in no node yet; among so many of the newest they are looked for.
constexpr std::uint32_t kNewest = 100;

absl::StatusOr<std::set<std::string>> RunsInProgress(Caller& caller, const v1::ListNodesResponse& nodes) {
  std::set<std::string> ids;
  for (const v1::Node& node : nodes.nodes()) ids.insert(node.runs().begin(), node.runs().end());
  v1::ListRunsRequest request;
  request.set_most(kNewest);
  FAULTLINE_ASSIGN_OR_RETURN(const v1::ListRunsResponse listed, caller.Call(&Stub::ListRuns, request));
  for (const v1::Run& run : listed.runs()) {
    if (run.state() != v1::RUN_STATE_ENDED) ids.insert(run.id());
  }
  return ids;
}

absl::StatusOr<std::vector<v1::GetRunResponse>> AskRuns(Caller& caller, const v1::ListNodesResponse& nodes) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::set<std::string> ids, RunsInProgress(caller, nodes));
  std::vector<v1::GetRunResponse> runs;
  for (const std::string& id : ids) {
    v1::GetRunRequest request;
    request.set_run_id(id);
    FAULTLINE_ASSIGN_OR_RETURN(v1::GetRunResponse run, caller.Call(&Stub::GetRun, request));
    if (run.run().state() != v1::RUN_STATE_ENDED) runs.push_back(std::move(run));
  }
  std::ranges::stable_sort(runs, {}, [](const v1::GetRunResponse& run) { return DecodeMoment(run.run().created()); });
  return runs;
}

}  // namespace

absl::StatusOr<FleetSnapshot> AskFleet(Caller& caller, bool runs) {
  FleetSnapshot snapshot;
  FAULTLINE_ASSIGN_OR_RETURN(snapshot.nodes, caller.Call(&Stub::ListNodes, v1::ListNodesRequest()));
  if (runs) {
    FAULTLINE_ASSIGN_OR_RETURN(snapshot.runs, AskRuns(caller, snapshot.nodes));
  }
  FAULTLINE_ASSIGN_OR_RETURN(snapshot.matrix, caller.Call(&Stub::GetMatrix, v1::GetMatrixRequest()));
  return snapshot;
}

}  // namespace faultline
