#include "controller/report/render_event.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/timeline_codec.h"
#include "controller/report/figure_text.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

// Lines come one by one: wide enough for most.
constexpr std::size_t kKindWidth = 20;
constexpr std::size_t kNodeWidth = 10;
constexpr std::size_t kRunWidth = 16;

std::string KindText(v1::EventKind kind) {
  if (!v1::EventKind_IsValid(kind)) return "other";
  const std::string name(absl::StripPrefix(v1::EventKind_Name(kind), "EVENT_KIND_"));
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", " "}});
}

Ink InkOf(v1::EventKind kind) {
  switch (kind) {
    case v1::EVENT_KIND_NODE_LOST:
    case v1::EVENT_KIND_LEASE_LOST:
    case v1::EVENT_KIND_GUARD_FAILED:
    case v1::EVENT_KIND_FOREIGN_CHANGE:
    case v1::EVENT_KIND_OBSERVATIONS_DROPPED:
      return Ink::kBad;
    default:
      return Ink::kPlain;
  }
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  const absl::Time moment = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  return absl::FormatTime("%Y-%m-%d %H:%M:%E3S", moment, absl::UTCTimeZone());
}

std::string LatenessText(const v1::Event& event) {
  const absl::StatusOr<Duration> lateness = DecodeDuration(event.lateness());
  if (!event.has_lateness() || !lateness.ok()) return "";
  const double milliseconds = std::chrono::duration<double, std::milli>(*lateness).count();
  return absl::StrFormat(", %.2f ms %s", std::abs(milliseconds), milliseconds < 0 ? "early" : "late");
}

std::string CountersText(const v1::Event& event) {
  std::uint64_t packets = 0;
  for (const v1::StepCounters& counters : event.counters()) packets += counters.packets();
  return event.counters().empty() ? "" : absl::StrCat(", ", GroupedCount(packets), " packets met its rules");
}

}  // namespace

std::string RenderEvent(const v1::Event& event, const TerminalStyle& style) {
  const std::string head = absl::StrCat(
      TimeText(event.time()), "  ", Paint(Pad(KindText(event.kind()), kKindWidth), InkOf(event.kind()), style), "  ",
      Pad(Tame(event.node()), kNodeWidth), "  ", Pad(Tame(event.run_id()), kRunWidth), "  ");
  const std::string line = absl::StrCat(head, Tame(event.text()), LatenessText(event), CountersText(event));
  return Spell(absl::StrCat(absl::StripTrailingAsciiWhitespace(line), "\n"), style);
}

}  // namespace faultline
