#include "controller/report/observed_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/report/run_words.h"

namespace faultline {
namespace {

// "18 directions", "17 of 18 directions", "20 of 48 directions (sampled)".
std::string ExtentText(const ObservedFigures& figures) {
  const bool all = figures.seen == figures.changing;
  return absl::StrCat(figures.seen, all ? "" : absl::StrCat(" of ", figures.changing), " direction",
                      figures.changing == 1 ? "" : "s",
                      figures.probed < figures.changing ? absl::StrCat(" (", figures.probed, " sampled)") : "");
}

}  // namespace

std::string ObservedText(const StepFigures& step) {
  std::vector<std::string> parts;
  std::optional<Duration> resolution;
  const auto add = [&](const char* verb, const std::optional<ObservedFigures>& figures) {
    if (!figures) return;
    parts.push_back(figures->within ? absl::StrCat(verb, " in <= ", MillisecondsText(figures->within))
                                    : absl::StrCat(verb, " unseen"));
    if (figures->resolution) resolution = std::max(resolution.value_or(*figures->resolution), *figures->resolution);
  };
  add("took", step.observed_fired);
  add("healed", step.observed_healed);
  if (parts.empty()) return "";
  if (resolution) parts.push_back(absl::StrCat("resolution ", MillisecondsText(resolution)));
  const std::string fired = step.observed_fired ? ExtentText(*step.observed_fired) : "";
  const std::string healed = step.observed_healed ? ExtentText(*step.observed_healed) : fired;
  parts.push_back(absl::StrCat("on ", fired.empty() ? healed : fired));
  if (!fired.empty() && healed != fired) parts.back() += absl::StrCat(" and ", healed);
  return absl::StrJoin(parts, ", ");
}

}  // namespace faultline
