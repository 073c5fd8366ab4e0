#include "controller/cli/run_source.h"

#include <iostream>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/status.h"
#include "common/timeline_codec.h"
#include "controller/cli/call.h"
#include "controller/cli/moment.h"
#include "controller/cli/plan_source.h"
#include "controller/cli/watch.h"
#include "controller/cli/wire_time.h"
#include "controller/report/run_words.h"

namespace faultline {
namespace {

ExitCode PrintEnd(const CommonArguments& common, const v1::Run& run) {
  if (common.json) {
    std::cout << ToJson(run);
  } else {
    std::cout << run.id() << ": " << WordOf(run) << ": " << run.summary() << "\n";
  }
  return ExitCodeOf(run);
}

ExitCode PrintId(const CommonArguments& common, const v1::Run& run) {
  if (common.json) {
    std::cout << ToJson(run);
  } else if (run.state() == v1::RUN_STATE_WAITING && run.has_due()) {
    std::cout << run.id() << ": waits until " << FormatMoment(DecodeMoment(run.due())) << "\n";
  } else if (run.state() == v1::RUN_STATE_WAITING && !run.summary().empty()) {
    std::cout << run.id() << ": " << run.summary() << "\n";
  } else {
    std::cout << run.id() << "\n";
  }
  return ExitCode::kOk;
}

absl::StatusOr<v1::StartRunRequest> RequestOf(const v1::PlanSource& source, const RunArguments& arguments) {
  v1::StartRunRequest request;
  *request.mutable_plan() = source;
  request.set_queue(arguments.queue);
  request.set_request_id(arguments.request_id);
  if (!arguments.at.empty()) {
    FAULTLINE_ASSIGN_OR_RETURN(const absl::Time at, ForOption("--at", ParseMoment(arguments.at, absl::Now())));
    *request.mutable_at() = EncodeMoment(at);
  }
  if (!arguments.wait_verified.empty()) {
    FAULTLINE_ASSIGN_OR_RETURN(const Duration patience,
                               ForOption("--wait-verified", ParseDuration(arguments.wait_verified)));
    *request.mutable_wait_verified() = EncodeDuration(patience);
  }
  return request;
}

}  // namespace

void AddRunOptions(CLI::App& verb, RunArguments& arguments) {
  verb.add_flag("--watch", arguments.watch, "Print every stage's planned and observed matrix as it ends");
  verb.add_flag("--detach", arguments.detach, "Print the run's id once it has begun, and do not wait");
  verb.add_option("--at", arguments.at, "Begin then: 2026-12-01T02:00Z, or +10m; do not wait");
  verb.add_flag("--queue", arguments.queue, "Wait for runs on the same nodes to end, instead of being refused");
  verb.add_option("--request-id", arguments.request_id,
                  "A name for this request: sent again, it gives the run that it made before");
}

absl::StatusOr<ExitCode> RunSource(const CommonArguments& common, const v1::PlanSource& source,
                                   const RunArguments& arguments) {
  FAULTLINE_RETURN_IF_ERROR(ParseSource(source).status());
  FAULTLINE_ASSIGN_OR_RETURN(const v1::StartRunRequest request, RequestOf(source, arguments));
  FAULTLINE_ASSIGN_OR_RETURN(const auto client, Connect(common));
  FAULTLINE_ASSIGN_OR_RETURN(const v1::StartRunResponse started,
                             client->Call(&v1::ControlService::Stub::StartRun, request));
  for (const std::string& warning : started.run().warnings()) std::cerr << "warning: " << warning << "\n";
  if (started.run().state() == v1::RUN_STATE_ENDED) return PrintEnd(common, started.run());
  if (arguments.detach || request.has_at()) return PrintId(common, started.run());
  const WatchOptions options{.matrices = arguments.watch, .quiet = common.json};
  FAULTLINE_ASSIGN_OR_RETURN(const v1::Run run, WatchUntilOver(*client, started.run().id(), options));
  if (arguments.watch && !common.json) std::cout << "\n";
  return PrintEnd(common, run);
}

}  // namespace faultline
