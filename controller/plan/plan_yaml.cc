#include "controller/plan/plan_yaml.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/document/document.h"
#include "controller/plan/plan_reader.h"

namespace faultline {
namespace {

// Says more about malformed YAML where the line shows one of the usual reasons.
void Explain(absl::string_view text, std::vector<TextError>& errors) {
  if (errors.size() != 1 || !absl::StartsWith(errors[0].message, "malformed YAML")) return;
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  const auto number = static_cast<std::size_t>(errors[0].position.line);
  if (number == 0 || number > lines.size()) return;
  const absl::string_view line = lines[number - 1];
  if (absl::StrContains(line, "${")) {
    // It takes the braces for a mapping.
    absl::StrAppend(&errors[0].message, "; inside braces or brackets a variable needs quotation marks: \"${name}\"");
  } else if (absl::StrContains(line.substr(0, line.find_first_not_of(" \t")), '\t')) {
    absl::StrAppend(&errors[0].message, "; the line is indented with a tab, where YAML takes only blanks");
  }
}

}  // namespace

ParsedPlan ParsePlan(absl::string_view text) {
  ParsedPlan parsed;
  TextErrors errors;
  const DocumentPtr document = ParseDocument(text, errors);
  if (document == nullptr) {
    parsed.errors = errors.Take();
    Explain(text, parsed.errors);
    return parsed;
  }
  PlanReader reader(errors);
  parsed.plan = reader.Read(document);
  parsed.missing_files = reader.MissingFiles();
  parsed.errors = errors.Take();
  return parsed;
}

}  // namespace faultline
