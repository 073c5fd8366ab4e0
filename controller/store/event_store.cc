#include "controller/store/event_store.h"

#include <google/protobuf/util/time_util.h>
#include <sqlite3.h>

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

std::int64_t MomentOf(const v1::Event& event) {
  return google::protobuf::util::TimeUtil::TimestampToNanoseconds(event.time());
}

}  // namespace

bool EventQuery::Matches(const v1::Event& event) const {
  return (!since || MomentOf(event) >= ToColumn(*since)) && (!until || MomentOf(event) <= ToColumn(*until)) &&
         (run_id.empty() || event.run_id() == run_id) && (node.empty() || event.node() == node) &&
         (!without_run || event.run_id().empty()) && (!after || event.number() > *after);
}

absl::StatusOr<std::uint64_t> EventStore::LastNumber() {
  const std::lock_guard lock(database_.mutex());
  Statement statement(database_, "SELECT coalesce(max(number), 0) FROM events");
  if (!statement.Step()) return statement.Done();
  return static_cast<std::uint64_t>(statement.Int(0));
}

absl::Status EventStore::Put(std::span<const v1::Event> events) {
  if (events.empty()) return absl::OkStatus();
  return database_.Write(Survives::kProcess, [&] {
    FAULTLINE_RETURN_IF_ERROR(Statement(database_, "BEGIN").Run());
    absl::Status status = PutAll(events);
    if (status.ok()) status = Statement(database_, "COMMIT").Run();
    if (!status.ok()) Statement(database_, "ROLLBACK").Run().IgnoreError();
    return status;
  });
}

absl::Status EventStore::PutAll(std::span<const v1::Event> events) {
  Statement statement(database_, "INSERT OR REPLACE INTO events VALUES (?1, ?2, ?3, ?4, ?5)");
  for (const v1::Event& event : events) {
    statement.Bind(1, static_cast<std::int64_t>(event.number()));
    statement.Bind(2, MomentOf(event));
    statement.Bind(3, event.run_id());
    statement.Bind(4, event.node());
    statement.BindBytes(5, event.SerializeAsString());
    FAULTLINE_RETURN_IF_ERROR(statement.Run());
    statement.Reset();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Event>> EventStore::List(const EventQuery& query) {
  const std::lock_guard lock(database_.mutex());
  // Only a condition that always holds of the run lets its index be used.
  const std::string sql =
      absl::StrCat("SELECT event FROM events WHERE number > ?1 AND moment BETWEEN ?2 AND ?3 AND (?5 = '' OR node = ?5)",
                   query.run_id.empty() ? "" : " AND run = ?4", query.without_run ? " AND run = ''" : "",
                   " ORDER BY number ", query.after ? "ASC" : "DESC", " LIMIT ?6");
  Statement statement(database_, sql.c_str());
  statement.Bind(1, static_cast<std::int64_t>(query.after.value_or(0)));
  statement.Bind(2, query.since ? ToColumn(*query.since) : std::numeric_limits<std::int64_t>::min());
  statement.Bind(3, query.until ? ToColumn(*query.until) : std::numeric_limits<std::int64_t>::max());
  statement.Bind(4, query.run_id);
  statement.Bind(5, query.node);
  statement.Bind(6, std::int64_t{query.most});
  std::vector<v1::Event> events;
  while (statement.Step()) {
    if (events.emplace_back().ParseFromString(statement.Bytes(0))) continue;
    return absl::DataLossError(absl::StrCat(database_.path(), ": an event is damaged"));
  }
  FAULTLINE_RETURN_IF_ERROR(statement.Done());
  if (!query.after) std::ranges::reverse(events);
  return events;
}

absl::StatusOr<int> EventStore::Purge(std::optional<Duration> keep_for, WallTime now, int most) {
  const std::lock_guard lock(database_.mutex());
  Statement statement(database_,
                      "DELETE FROM events WHERE number IN (SELECT number FROM events WHERE number < (SELECT "
                      "max(number) FROM events) AND (moment < ?1 OR number <= (SELECT max(number) FROM events) - ?2) "
                      "ORDER BY number LIMIT ?3)");
  statement.Bind(1, keep_for ? ToColumn(now - *keep_for) : std::numeric_limits<std::int64_t>::min());
  statement.Bind(2, kMostKept);
  statement.Bind(3, std::int64_t{most});
  FAULTLINE_RETURN_IF_ERROR(statement.Run());
  return sqlite3_changes(database_.handle());
}

}  // namespace faultline
