#include "controller/cli/group_expression.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/file.h"
#include "common/prefix.h"
#include "common/status.h"

namespace faultline {
namespace {

// Text that can only have been meant as addresses.
bool LooksLikeAddress(absl::string_view word) {
  return absl::StrContains(word, '/') || absl::StrContains(word, ':') ||
         (!word.empty() && word.find_first_not_of("0123456789.") == absl::string_view::npos);
}

absl::StatusOr<std::string> CidrsYaml(const std::vector<std::string>& words) {
  for (const std::string& word : words) FAULTLINE_RETURN_IF_ERROR(Prefix::Parse(word).status());
  return absl::StrCat("{cidrs: ", QuotedYaml(words), "}");
}

absl::StatusOr<std::string> LabelsYaml(const std::vector<std::string>& words) {
  std::vector<std::string> pairs;
  for (const std::string& word : words) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(word, absl::MaxSplits('=', 1));
    if (!absl::StrContains(word, '=') || pair.first.empty() || pair.second.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", word, "' is not a label; write for example region=eu-west-2"));
    }
    pairs.push_back(absl::StrCat(QuotedYaml(pair.first), ": ", QuotedYaml(pair.second)));
  }
  return absl::StrCat("{labels: {", absl::StrJoin(pairs, ", "), "}}");
}

absl::StatusOr<std::string> FileYaml(const std::string& path) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  std::vector<std::string> cidrs;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const absl::StatusOr<Prefix> prefix = Prefix::Parse(line);
    if (!prefix.ok()) return WithContext(prefix.status(), absl::StrCat(path, ":", number));
    cidrs.emplace_back(line);
  }
  if (cidrs.empty()) return absl::InvalidArgumentError(absl::StrCat(path, " has no CIDR; write one a line"));
  return CidrsYaml(cidrs);
}

}  // namespace

std::string QuotedYaml(absl::string_view text) {
  return absl::StrCat(
      "\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}, {"\r", "\\r"}, {"\t", "\\t"}}),
      "\"");
}

absl::StatusOr<std::string> GroupYaml(absl::string_view expression) {
  if (absl::StartsWith(expression, "@")) return FileYaml(std::string(expression.substr(1)));
  const std::vector<std::string> words = absl::StrSplit(expression, ',');
  if (std::any_of(words.begin(), words.end(), [](const std::string& word) { return word.empty(); })) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", expression, "' is not a group; write CIDRs, labels (region=eu-west-2), node names, or @FILE"));
  }
  if (absl::StrContains(expression, '=')) return LabelsYaml(words);
  if (std::any_of(words.begin(), words.end(), LooksLikeAddress)) return CidrsYaml(words);
  return absl::StrCat("{nodes: ", QuotedYaml(words), "}");
}

std::string QuotedYaml(const std::vector<std::string>& texts) {
  const auto append = [](std::string* out, const std::string& text) { absl::StrAppend(out, QuotedYaml(text)); };
  return absl::StrCat("[", absl::StrJoin(texts, ", ", append), "]");
}

}  // namespace faultline
