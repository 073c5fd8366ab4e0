#include "controller/report/render_event.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "controller/report/event_line.h"
#include "controller/report/figure_text.h"
#include "controller/report/run_words.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

// Lines come one by one: wide enough for most.
constexpr std::size_t kKindWidth = 20;
constexpr std::size_t kNodeWidth = 10;
constexpr std::size_t kRunWidth = 16;

// "step fired".
std::string WordsOf(const std::string& name) { return absl::StrReplaceAll(name, {{"_", " "}}); }

std::string TimeText(const google::protobuf::Timestamp& time) {
  const absl::Time moment = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  return absl::FormatTime("%Y-%m-%d %H:%M:%E3S", moment, absl::UTCTimeZone());
}

std::string LatenessText(const v1::Event& event) {
  if (!event.has_lateness()) return "";
  return absl::StrCat(", ", MillisecondsText(Decoded(event.lateness())), " late");
}

std::string EndText(const v1::Event& event) {
  if (event.kind() != v1::EVENT_KIND_RUN_ENDED) return "";
  return absl::StrCat(WordsOf(NameOf(v1::Outcome_Name(event.outcome()), "OUTCOME_")), ": ");
}

std::string CountersText(const v1::Event& event) {
  std::uint64_t packets = 0;
  for (const v1::StepCounters& counters : event.node_outcome().counters()) packets += counters.packets();
  if (event.node_outcome().counters().empty()) return "";
  return absl::StrCat(", ", GroupedCount(packets), " packets met its rules");
}

}  // namespace

std::string RenderEvent(const v1::Event& event, const TerminalStyle& style) {
  const Ink ink = IsTrouble(event.kind()) ? Ink::kBad : Ink::kPlain;
  const std::string head = absl::StrCat(
      TimeText(event.time()), "  ", Paint(Pad(WordsOf(NameOf(event.kind())), kKindWidth), ink, style), "  ",
      Pad(Tame(event.node()), kNodeWidth), "  ", Pad(Tame(event.run_id()), kRunWidth), "  ", EndText(event));
  const std::string line = absl::StrCat(head, Tame(event.text()), LatenessText(event), CountersText(event));
  return Spell(absl::StrCat(absl::StripTrailingAsciiWhitespace(line), "\n"), style);
}

}  // namespace faultline
