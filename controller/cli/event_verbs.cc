#include <memory>

#include "controller/cli/call.h"
#include "controller/cli/moment.h"
#include "controller/cli/verbs.h"
#include "controller/cli/wire_time.h"
#include "controller/report/line_of.h"
#include "controller/report/render_event.h"

namespace faultline {
namespace {

using Stub = v1::ControlService::Stub;

struct EventArguments {
  bool follow = false;
  std::string run;
  std::string node;
  std::string since;
  std::uint32_t most = 0;
};

template <typename Request>
absl::StatusOr<Request> RequestOf(const EventArguments& arguments) {
  Request request;
  request.set_run_id(arguments.run);
  request.set_node(arguments.node);
  if (arguments.since.empty()) return request;
  FAULTLINE_ASSIGN_OR_RETURN(const absl::Time since, ForOption("--since", ParsePast(arguments.since, absl::Now())));
  *request.mutable_since() = EncodeMoment(since);
  return request;
}

// A line each, at once: somebody may wait for it.
template <typename Events>
void Print(const CommonArguments& common, const Events& events) {
  const TerminalStyle style = StyleOfStdout();
  for (const v1::Event& event : events) {
    std::cout << (common.json ? RenderLine(LineOf(event)) : RenderEvent(event, style));
  }
  std::cout << std::flush;
}

absl::Status List(const CommonArguments& common, const EventArguments& arguments, Client& client) {
  FAULTLINE_ASSIGN_OR_RETURN(auto request, RequestOf<v1::ListEventsRequest>(arguments));
  request.set_most(arguments.most);
  FAULTLINE_ASSIGN_OR_RETURN(const v1::ListEventsResponse response, client.Call(&Stub::ListEvents, request));
  Print(common, response.events());
  return absl::OkStatus();
}

absl::Status Follow(const CommonArguments& common, const EventArguments& arguments, Client& client) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto request, RequestOf<v1::WatchEventsRequest>(arguments));
  grpc::ClientContext context;
  const auto stream = client.stub().WatchEvents(&context, request);
  v1::WatchEventsResponse response;
  // A pipe whose reader has gone ends it.
  while (std::cout.good() && stream->Read(&response)) Print(common, response.events());
  context.TryCancel();
  const absl::Status status = FromGrpc(stream->Finish());
  return absl::IsCancelled(status) ? absl::OkStatus() : status;
}

ExitCode ShowEvents(const CommonArguments& common, const EventArguments& arguments) {
  const auto client = Connect(common);
  if (!client.ok()) return Fail(client.status());
  const absl::Status status =
      arguments.follow ? Follow(common, arguments, **client) : List(common, arguments, **client);
  return status.ok() ? ExitCode::kOk : Fail(status);
}

}  // namespace

void AddEventVerbs(CommandLine& line) {
  const auto arguments = std::make_shared<EventArguments>();
  CLI::App& events = line.AddVerb("events", "What happened, oldest first; --json: one line each",
                                  "faultline events --follow --run split-brain-3",
                                  [&line, arguments] { return ShowEvents(line.common(), *arguments); });
  events.add_flag("--follow", arguments->follow, "Go on with what happens, from now or from --since on");
  events.add_option("--run", arguments->run, "Only those of this run");
  events.add_option("--node", arguments->node, "Only those of this node");
  events.add_option("--since", arguments->since, "Only what happened since: 1h, 7d, 2026-12-01T02:00Z");
  events.add_option("--most", arguments->most, "The latest so many (1000)");
}

}  // namespace faultline
