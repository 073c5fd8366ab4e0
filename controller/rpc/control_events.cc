#include <algorithm>

#include "common/rpc/status.h"
#include "common/status.h"
#include "controller/report/log_filter.h"
#include "controller/rpc/control_service.h"
#include "controller/schedule/wall_time.h"

namespace faultline {
namespace {

// How often a waiting call looks whether its caller is still there.
constexpr Duration kEventLook = std::chrono::milliseconds(500);
constexpr int kMostEvents = 1000;

template <typename Request>
absl::StatusOr<EventQuery> QueryOf(const Request& request) {
  EventQuery query = {.run_id = request.run_id(), .node = request.node(), .most = kMostEvents};
  if (!request.has_since()) return query;
  if (!IsWallTime(request.since())) return absl::InvalidArgumentError("'since' must be within 1970 to 2199");
  query.since = DecodeWall(request.since());
  return query;
}

void Take(std::vector<v1::Event> events, google::protobuf::RepeatedPtrField<v1::Event>& to) {
  for (v1::Event& event : events) *to.Add() = std::move(event);
}

// Those of all that the query asks for that the filter takes.
absl::Status Take(EventLog& log, EventQuery query, const LogFilter& filter,
                  google::protobuf::RepeatedPtrField<v1::Event>& to) {
  bool more = true;
  for (query.after = 0, query.most = kMostEvents; more;) {
    FAULTLINE_ASSIGN_OR_RETURN(std::vector<v1::Event> events, log.List(query));
    more = static_cast<int>(events.size()) == query.most;
    if (more) query.after = events.back().number();
    std::erase_if(events, [&filter](const v1::Event& event) { return !filter.Takes(event); });
    Take(std::move(events), to);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ControlService::AddLogged(const v1::Run& run, google::protobuf::RepeatedPtrField<v1::Event>& to) {
  const LogFilter filter(run);
  FAULTLINE_RETURN_IF_ERROR(Take(parts_.events, {.run_id = run.id()}, filter, to));
  EventQuery meanwhile = {.since = DecodeWall(run.created()), .without_run = true};
  if (run.has_ended()) meanwhile.until = DecodeWall(run.ended());
  return Take(parts_.events, meanwhile, filter, to);
}

grpc::Status ControlService::ListEvents(grpc::ServerContext* context, const v1::ListEventsRequest* request,
                                        v1::ListEventsResponse* response) {
  if (const absl::Status seen = MaySee(*context); !seen.ok()) return ToGrpc(seen);
  absl::StatusOr<EventQuery> query = QueryOf(*request);
  if (!query.ok()) return ToGrpc(query.status());
  if (request->most() > 0) query->most = static_cast<int>(std::min<std::uint32_t>(request->most(), kMostEvents));
  absl::StatusOr<std::vector<v1::Event>> events = parts_.events.List(*query);
  if (!events.ok()) return ToGrpc(events.status());
  Take(*std::move(events), *response->mutable_events());
  return grpc::Status::OK;
}

grpc::Status ControlService::WatchEvents(grpc::ServerContext* context, const v1::WatchEventsRequest* request,
                                         grpc::ServerWriter<v1::WatchEventsResponse>* writer) {
  const absl::StatusOr<WatchSlots::Slot> slot = BeginWatch(*context);
  if (!slot.ok()) return ToGrpc(slot.status());
  absl::StatusOr<EventQuery> query = QueryOf(*request);
  if (!query.ok()) return ToGrpc(query.status());
  std::uint64_t last = parts_.events.Await(0, Duration(0));
  query->after = query->since ? 0 : last;
  for (WatchTurns turns; !context->IsCancelled();) {
    if (const absl::Status may = turns.Next() ? MaySee(*context) : absl::OkStatus(); !may.ok()) return ToGrpc(may);
    absl::StatusOr<std::vector<v1::Event>> events = parts_.events.List(*query);
    if (!events.ok()) return ToGrpc(events.status());
    const bool whole = static_cast<int>(events->size()) < query->most;
    // All up to `last` have been looked at, unless there were too many.
    query->after = std::max(whole ? last : 0, events->empty() ? *query->after : events->back().number());
    if (!events->empty()) {
      v1::WatchEventsResponse response;
      Take(*std::move(events), *response.mutable_events());
      if (!writer->Write(response)) break;
    }
    if (whole) last = parts_.events.Await(*query->after, kEventLook);
  }
  return grpc::Status::OK;
}

}  // namespace faultline
