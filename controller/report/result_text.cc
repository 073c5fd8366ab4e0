#include "controller/report/result_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/report/figure_text.h"
#include "controller/report/run_words.h"
#include "controller/report/summary.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

std::string StageResult(const v1::StageVerdict& stage, const TerminalStyle& style) {
  if (stage.edges().empty()) return "no two nodes can probe each other";
  if (MetNothing(stage)) return Paint("NOT as planned: no packet met its faults", Ink::kBad, style);
  const std::string good = Paint("as planned", Ink::kGood, style);
  if (stage.unseen() && stage.has_matched()) {
    return absl::StrCat(good, ": ", GroupedCount(stage.matched()), " packets met what no probe sees");
  }
  if (stage.unseen()) return absl::StrCat(good, "; no probe sees its faults");
  return absl::StrCat(good, HasUnjudgedDelay(stage) ? "; not every delay was judged" : "");
}

}  // namespace

std::string WaitText(const v1::StageVerdict& stage) {
  std::vector<std::string> parts;
  if (stage.has_held()) parts.push_back(absl::StrCat("held ", RoundedText(Decoded(stage.held()))));
  if (stage.has_observed_from()) {
    parts.push_back(absl::StrCat("judged from ", RoundedText(Decoded(stage.observed_from())), " on"));
  }
  return parts.empty() ? "" : absl::StrCat("; ", absl::StrJoin(parts, ", "));
}

std::string ResultText(const v1::StageVerdict& stage, const TerminalStyle& style) {
  return StageResult(stage, style) + WaitText(stage);
}

}  // namespace faultline
