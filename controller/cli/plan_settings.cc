#include "controller/cli/plan_settings.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controller/cli/group_expression.h"
#include "controller/cli/plan_end.h"

namespace faultline {

absl::StatusOr<std::string> AddSettings(std::string text, const std::vector<std::string>& settings) {
  if (settings.empty()) return text;
  std::set<std::string> names;
  if (!absl::EndsWith(text, "\n")) text += "\n";
  if (!CanBeAddedTo(text)) {
    return absl::InvalidArgumentError(absl::StrCat("--set ", settings.front(), ": a setting", kOnlyKeysALine));
  }
  text += "set:\n";
  for (const std::string& setting : settings) {
    const std::size_t sign = setting.find('=');
    if (sign == std::string::npos || sign == 0) {
      return absl::InvalidArgumentError(absl::StrCat("--set ", setting, ": expected NAME=VALUE, such as delay=300ms"));
    }
    const std::string name = setting.substr(0, sign);
    if (!names.insert(name).second) {
      return absl::InvalidArgumentError(absl::StrCat("--set ", setting, ": '", name, "' is set twice"));
    }
    absl::StrAppend(&text, "  ", QuotedYaml(name), ": ", QuotedYaml(setting.substr(sign + 1)), "\n");
  }
  return text;
}

}  // namespace faultline
