#include "controller/cli/plan_files.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/document/document.h"
#include "common/duration.h"
#include "common/file.h"
#include "common/status.h"
#include "controller/cli/aws_ranges.h"
#include "controller/cli/group_expression.h"
#include "controller/cli/plan_end.h"
#include "controller/plan/plan_yaml.h"
#include "controller/plan/samples.h"

namespace faultline {
namespace {

using Kind = MissingFile::Kind;

absl::StatusOr<std::string> SamplesEntry(const MissingFile& missing, const std::string& text) {
  FAULTLINE_ASSIGN_OR_RETURN(std::vector<Duration> samples, ParseSamplesCsv(text));
  const auto append = [](std::string* out, Duration delay) { absl::StrAppend(out, FormatDuration(delay)); };
  return absl::StrCat("  ", QuotedYaml(missing.name), ": [",
                      absl::StrJoin(ReduceSamples(std::move(samples)), ", ", append), "]\n");
}

absl::StatusOr<std::string> IncludedEntry(const MissingFile& missing, const std::string& text) {
  if (const std::optional<TextError> bad = FindBadText(text)) {
    return absl::InvalidArgumentError(absl::StrCat(bad->position.line, ":", bad->position.column, ": ", bad->message));
  }
  return absl::StrCat("  ", QuotedYaml(missing.name), ": ", QuotedYaml(text), "\n");
}

absl::StatusOr<std::string> IpRangesEntry(const MissingFile& missing, const std::string& text) {
  FAULTLINE_ASSIGN_OR_RETURN(const PrefixSet set, ReadAwsRanges(text, {missing.services, missing.regions}));
  const auto append = [](std::string* out, const Prefix& prefix) {
    // A text that begins with a colon would not be plain.
    const char* const quote = prefix.family() == Family::kIpv6 ? "\"" : "";
    absl::StrAppend(out, quote, prefix.ToString(), quote);
  };
  return absl::StrCat("  - {file: ", QuotedYaml(missing.name),
                      missing.services.empty() ? "" : absl::StrCat(", service: ", QuotedYaml(missing.services)),
                      missing.regions.empty() ? "" : absl::StrCat(", region: ", QuotedYaml(missing.regions)),
                      ", cidrs: [", absl::StrJoin(set.prefixes(), ", ", append), "]}\n");
}

// Others, a FIFO for one, may never end.
absl::StatusOr<std::string> ReadRegularFile(const std::string& path) {
  std::error_code error;
  const bool exists = std::filesystem::exists(path, error);
  if (exists && !std::filesystem::is_regular_file(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is no regular file"));
  }
  return ReadFile(path);
}

absl::StatusOr<std::string> EntryOf(const MissingFile& missing, const std::string& directory) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, ReadRegularFile(std::filesystem::path(directory) / missing.name));
  switch (missing.kind) {
    case Kind::kSamples:
      return SamplesEntry(missing, text);
    case Kind::kIncluded:
      return IncludedEntry(missing, text);
    case Kind::kIpRanges:
      break;
  }
  return IpRangesEntry(missing, text);
}

const char* KeyOf(Kind kind) {
  return kind == Kind::kSamples ? "samples" : kind == Kind::kIncluded ? "included" : "ip_ranges";
}

std::string NounOf(const MissingFile& missing) {
  return absl::StrCat(missing.kind == Kind::kSamples    ? "samples '"
                      : missing.kind == Kind::kIncluded ? "included file '"
                                                        : "address ranges '",
                      missing.name, "'");
}

// The error that something is missing gives way to why its file cannot be read.
void Explain(const MissingFile& missing, const absl::Status& status, std::vector<TextError>& errors) {
  for (TextError& error : errors) {
    if (error.position != missing.position || error.message != missing.message) continue;
    error.message = absl::StrCat(NounOf(missing), ": ", status.message());
  }
}

// The same file asked for the same.
bool IsSame(const MissingFile& a, const MissingFile& b) {
  return a.kind == b.kind && a.name == b.name && a.services == b.services && a.regions == b.regions;
}

absl::Status Add(const ParsedPlan& parsed, std::vector<MissingFile> missing, const std::string& directory,
                 absl::string_view file_name, std::string& text) {
  std::vector<TextError> errors = parsed.errors;
  std::map<std::string, std::string> sections;
  bool all_read = true;
  for (std::size_t i = 0; i < missing.size(); ++i) {
    const auto same = [&](const MissingFile& one) { return IsSame(one, missing[i]); };
    const absl::StatusOr<std::string> entry = EntryOf(missing[i], directory);
    if (!entry.ok()) Explain(missing[i], entry.status(), errors);
    all_read = all_read && entry.ok();
    const auto here = missing.begin() + static_cast<std::ptrdiff_t>(i);
    if (entry.ok() && std::none_of(missing.begin(), here, same))
      absl::StrAppend(&sections[KeyOf(missing[i].kind)], *entry);
  }
  if (!all_read) return absl::InvalidArgumentError(JoinErrors(errors, file_name));
  if (!absl::EndsWith(text, "\n")) text += "\n";
  if (!CanBeAddedTo(text)) {
    return absl::InvalidArgumentError(
        TextError{missing.front().position, absl::StrCat(NounOf(missing.front()), ": a file", kOnlyKeysALine)}.ToString(
            file_name));
  }
  for (const auto& [key, entries] : sections) absl::StrAppend(&text, key, ":\n", entries);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> AddPlanFiles(std::string text, const std::string& directory, absl::string_view file_name) {
  ParsedPlan parsed = ParsePlan(text);
  std::vector<MissingFile> included;
  for (const MissingFile& missing : parsed.missing_files) {
    if (missing.kind == Kind::kIncluded) included.push_back(missing);
  }
  if (!included.empty()) {
    // First: they may name others, and say what the plan means by its variables.
    FAULTLINE_RETURN_IF_ERROR(Add(parsed, std::move(included), directory, file_name, text));
    parsed = ParsePlan(text);
  }
  if (!parsed.missing_files.empty()) {
    FAULTLINE_RETURN_IF_ERROR(Add(parsed, parsed.missing_files, directory, file_name, text));
  }
  return text;
}

}  // namespace faultline
