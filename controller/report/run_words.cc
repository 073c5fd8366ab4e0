#include "controller/report/run_words.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/duration.h"
#include "common/timeline_codec.h"
#include "controller/report/result_text.h"
#include "controller/report/summary.h"
#include "controller/report/tcp_words.h"

namespace faultline {
namespace {

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace

absl::string_view WordOf(const v1::Run& run) {
  switch (run.state()) {
    case v1::RUN_STATE_WAITING:
      return "waiting";
    case v1::RUN_STATE_ARMING:
      return "arming";
    case v1::RUN_STATE_RUNNING:
      return "running";
    case v1::RUN_STATE_ENDING:
      return "ending";
    default:
      return WordOf(run.outcome());
  }
}

absl::string_view WordOf(v1::Outcome outcome) {
  switch (outcome) {
    case v1::OUTCOME_VERIFIED:
      return "verified";
    case v1::OUTCOME_NOT_VERIFIED:
      return "NOT verified";
    case v1::OUTCOME_REFUSED:
      return "refused";
    case v1::OUTCOME_ABORTED:
      return "aborted";
    case v1::OUTCOME_INTERRUPTED:
      return "interrupted";
    case v1::OUTCOME_MISSED:
      return "missed";
    default:
      return "ended";
  }
}

absl::string_view WordOf(v1::NodeEnd end) {
  switch (end) {
    case v1::NODE_END_COMPLETED:
      return "completed";
    case v1::NODE_END_RELEASED:
      return "released";
    case v1::NODE_END_LEASE_LOST:
      return "lease lost";
    case v1::NODE_END_SHUTDOWN:
      return "shut down";
    case v1::NODE_END_LOCAL_HEAL:
      return "healed locally";
    case v1::NODE_END_FAILED:
      return "FAILED";
    case v1::NODE_END_UNKNOWN_RUN:
      return "run unknown";
    case v1::NODE_END_VANISHED:
      return "vanished";
    default:
      return "ended";
  }
}

absl::string_view WordOf(v1::Family family) { return family == v1::FAMILY_IPV6 ? "IPv6" : "IPv4"; }

absl::string_view WordOf(v1::Reach reach) {
  switch (reach) {
    case v1::REACH_OPEN:
      return "open";
    case v1::REACH_CUT:
      return "cut";
    case v1::REACH_LOSSY:
      return "lossy";
    default:
      return "unknown";
  }
}

std::string WallText(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", TimeOf(time), absl::UTCTimeZone());
}

std::string Rfc3339(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E9SZ", TimeOf(time), absl::UTCTimeZone());
}

std::optional<google::protobuf::Timestamp> WallAt(const v1::Run& run, Duration after_t0) {
  if (!run.has_started()) return std::nullopt;
  constexpr Duration::rep kSecond = 1'000'000'000;
  const Duration::rep nanos = run.started().nanos() + after_t0.count();
  const Duration::rep seconds = nanos / kSecond - (nanos % kSecond < 0 ? 1 : 0);
  google::protobuf::Timestamp time;
  time.set_seconds(run.started().seconds() + seconds);
  time.set_nanos(static_cast<std::int32_t>(nanos - seconds * kSecond));
  return time;
}

std::string NameOf(absl::string_view value, absl::string_view common) {
  return absl::AsciiStrToLower(absl::StripPrefix(value, common));
}

std::optional<Duration> Decoded(const google::protobuf::Duration& message) {
  const absl::StatusOr<Duration> duration = DecodeDuration(message);
  return duration.ok() ? std::optional(*duration) : std::nullopt;
}

Duration DecodedOrZero(const google::protobuf::Duration& message) { return Decoded(message).value_or(Duration(0)); }

std::string ExactText(Duration duration, Duration unit) {
  const Duration::rep whole = duration / unit;
  const Duration::rep rest = (duration % unit).count();
  std::string fraction = absl::StrCat(rest < 0 ? -rest : rest);
  // As many digits as the unit has zeros.
  fraction.insert(0, absl::StrCat(unit.count()).size() - 1 - fraction.size(), '0');
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return absl::StrCat(duration < Duration(0) && whole == 0 ? "-" : "", whole, fraction.empty() ? "" : ".", fraction);
}

std::string LengthText(const std::optional<Duration>& length) { return length ? FormatDuration(*length) : "-"; }

std::string MillisecondsText(const std::optional<Duration>& duration) {
  if (!duration) return "-";
  return absl::StrFormat("%.2f ms", std::chrono::duration<double, std::milli>(*duration).count());
}

std::string RoundedText(const std::optional<Duration>& duration) {
  if (!duration) return "-";
  return FormatDuration(std::chrono::round<std::chrono::duration<Duration::rep, std::centi>>(*duration));
}

std::string EdgesText(const v1::StageVerdict& stage) {
  const auto edges = static_cast<std::uint64_t>(stage.edges_size());
  if (stage.unprobed_edges() == 0) return absl::StrCat(edges);
  return absl::StrCat(edges, " of ", edges + stage.unprobed_edges());
}

int WrongEdges(const v1::StageVerdict& stage) {
  return static_cast<int>(
      std::ranges::count_if(stage.edges(), [](const v1::EdgeVerdict& edge) { return !Agrees(edge); }));
}

std::string StageText(const v1::StageVerdict& stage) {
  const int edges = WrongEdges(stage);
  const int connections = WrongConnections(stage);
  if (edges + connections == 0) return ResultText(stage, {});
  std::vector<std::string> wrong;
  if (edges > 0) wrong.push_back(absl::StrCat(edges, " of ", stage.edges_size(), " edges"));
  if (connections > 0) wrong.push_back(absl::StrCat(connections, " of ", stage.tcp_size(), " connections"));
  return absl::StrCat("NOT as planned: ", absl::StrJoin(wrong, ", "), WaitText(stage));
}

}  // namespace faultline
