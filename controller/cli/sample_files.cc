#include "controller/cli/sample_files.h"

#include <filesystem>
#include <map>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/document/document.h"
#include "common/duration.h"
#include "common/file.h"
#include "common/status.h"
#include "controller/cli/group_expression.h"
#include "controller/plan/plan_yaml.h"
#include "controller/plan/samples.h"

namespace faultline {
namespace {

using Samples = std::vector<Duration>;

absl::StatusOr<Samples> ReadSamples(const std::string& directory, const std::string& name) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, ReadFile(std::filesystem::path(directory) / name));
  FAULTLINE_ASSIGN_OR_RETURN(Samples samples, ParseSamplesCsv(text));
  return ReduceSamples(std::move(samples));
}

std::string SamplesYaml(const std::map<std::string, absl::StatusOr<Samples>>& files) {
  std::string yaml = "samples:\n";
  for (const auto& [name, samples] : files) {
    absl::StrAppend(
        &yaml, "  ", QuotedYaml(name), ": [",
        absl::StrJoin(*samples, ", ",
                      [](std::string* out, Duration delay) { absl::StrAppend(out, FormatDuration(delay)); }),
        "]\n");
  }
  return yaml;
}

// The error about unknown samples gives way to why their file cannot be read.
void Explain(const UnknownSamples& unknown, const absl::Status& status, std::vector<TextError>& errors) {
  for (TextError& error : errors) {
    if (error.position != unknown.position) continue;
    error.message = absl::StrCat("samples '", unknown.name, "': ", status.message());
  }
}

}  // namespace

absl::StatusOr<std::string> AddSampleFiles(std::string text, const std::string& directory,
                                           absl::string_view file_name) {
  ParsedPlan parsed = ParsePlan(text);
  if (parsed.unknown_samples.empty()) return text;
  std::map<std::string, absl::StatusOr<Samples>> files;
  bool all_read = true;
  for (const UnknownSamples& unknown : parsed.unknown_samples) {
    const auto [file, fresh] = files.try_emplace(unknown.name, absl::UnknownError(""));
    if (fresh) file->second = ReadSamples(directory, unknown.name);
    if (!file->second.ok()) Explain(unknown, file->second.status(), parsed.errors);
    all_read = all_read && file->second.ok();
  }
  if (!all_read) return absl::InvalidArgumentError(JoinErrors(parsed.errors, file_name));

  const std::string whole = absl::StrCat(text, absl::EndsWith(text, "\n") ? "" : "\n", SamplesYaml(files));
  TextErrors errors;
  if (ParseDocument(whole, errors) == nullptr) {
    return absl::InvalidArgumentError(
        TextError{parsed.unknown_samples.front().position,
                  "samples from a file need a plan whose top level has a key a line, not all in braces"}
            .ToString(file_name));
  }
  return whole;
}

}  // namespace faultline
