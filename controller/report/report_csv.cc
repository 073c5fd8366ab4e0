#include "controller/report/report_csv.h"

#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "controller/report/run_words.h"
#include "controller/report/summary.h"
#include "controller/report/tcp_verdict.h"

namespace faultline {
namespace {

using Row = std::vector<std::string>;

constexpr Duration kMillisecond = std::chrono::milliseconds(1);
constexpr Duration kPrecision = std::chrono::seconds(1);

constexpr absl::string_view kHeadings =
    "run,stage,start_s,end_s,from,to,family,planned_reachable,planned_share,planned_delay_ms,sent,received,observed,"
    "mean_delay_ms,added_delay_ms,as_planned,tcp_port,refused,changed_after_ms,changed_by_ms,held_s,"
    "judged_from_s\n";

std::string Quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

std::string Text(bool present, const google::protobuf::Duration& duration, Duration unit) {
  const std::optional<Duration> read = Decoded(duration);
  return present && read ? ExactText(*read, unit) : "";
}

// Between which moments after the stage's planned start its faults took or lifted on the edge, in ms; empty where no
// burst showed that.
std::array<std::string, 2> ChangeOf(const v1::Run& run, const v1::StageVerdict& stage, const v1::EdgeVerdict& edge) {
  const std::optional<Duration> start = Decoded(stage.start());
  for (const v1::ObservedTransition& observed : run.observed_transitions()) {
    if (!start || Decoded(observed.planned()) != start) continue;
    for (const v1::EdgeInstant& instant : observed.edges()) {
      const bool same = instant.from() == edge.from() && instant.to() == edge.to() && instant.family() == edge.family();
      const std::optional<Duration> earliest = Decoded(instant.earliest());
      const std::optional<Duration> latest = Decoded(instant.latest());
      if (!same || !instant.has_latest() || !earliest || !latest) continue;
      return {ExactText(*earliest - *start, kMillisecond), ExactText(*latest - *start, kMillisecond)};
    }
  }
  return {};
}

// What edges and connections have in common, up to what was planned.
template <typename Verdict>
Row PlannedOf(const v1::Run& run, const v1::StageVerdict& stage, const Verdict& edge) {
  return {run.id(),
          stage.name(),
          Text(true, stage.start(), kPrecision),
          Text(true, stage.end(), kPrecision),
          edge.from(),
          edge.to(),
          std::string(WordOf(edge.family())),
          edge.planned_reachable() ? "yes" : "no",
          edge.has_planned_share() ? absl::StrCat(edge.planned_share()) : "",
          Text(edge.has_planned_delay(), edge.planned_delay(), kMillisecond)};
}

// What WaitText says of the stage.
void AddWaiting(const v1::StageVerdict& stage, Row& row) {
  row.push_back(Text(stage.has_held(), stage.held(), kPrecision));
  row.push_back(Text(stage.has_observed_from(), stage.observed_from(), kPrecision));
}

Row RowOf(const v1::Run& run, const v1::StageVerdict& stage, const v1::EdgeVerdict& edge) {
  Row row = PlannedOf(run, stage, edge);
  const auto changed = ChangeOf(run, stage, edge);
  row.insert(row.end(), {absl::StrCat(edge.sent()), absl::StrCat(edge.received()), std::string(WordOf(edge.observed())),
                         Text(edge.has_mean_delay(), edge.mean_delay(), kMillisecond),
                         Text(edge.has_observed_delay(), edge.observed_delay(), kMillisecond),
                         Agrees(edge) ? "yes" : "no", "", "", changed[0], changed[1]});
  AddWaiting(stage, row);
  return row;
}

Row RowOf(const v1::Run& run, const v1::StageVerdict& stage, const v1::TcpVerdict& edge) {
  Row row = PlannedOf(run, stage, edge);
  const char* const agrees = IsUnknown(edge) ? "" : Agrees(edge) ? "yes" : "no";
  row.insert(row.end(), {absl::StrCat(edge.connected() + edge.refused() + edge.timed_out() + edge.unreachable()),
                         absl::StrCat(edge.connected()), std::string(WordOf(edge.observed())),
                         Text(edge.has_mean_time(), edge.mean_time(), kMillisecond),
                         Text(edge.has_observed_delay(), edge.observed_delay(), kMillisecond), agrees,
                         absl::StrCat(edge.port()), absl::StrCat(edge.refused()), "", ""});
  AddWaiting(stage, row);
  return row;
}

std::string Line(const Row& row) {
  const auto quote = [](std::string* out, const std::string& cell) { absl::StrAppend(out, Quoted(cell)); };
  return absl::StrCat(absl::StrJoin(row, ",", quote), "\n");
}

}  // namespace

std::string RenderCsv(const v1::Run& run) {
  std::string text(kHeadings);
  for (const v1::StageVerdict& stage : run.stages()) {
    for (const v1::EdgeVerdict& edge : stage.edges()) text += Line(RowOf(run, stage, edge));
    for (const v1::TcpVerdict& edge : stage.tcp()) text += Line(RowOf(run, stage, edge));
  }
  return text;
}

}  // namespace faultline
