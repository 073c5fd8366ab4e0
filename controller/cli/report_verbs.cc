#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/edit_distance.h"
#include "common/file.h"
#include "common/status.h"
#include "controller/cli/call.h"
#include "controller/cli/verbs.h"
#include "controller/report/compare_runs.h"
#include "controller/report/report_csv.h"
#include "controller/report/report_html.h"
#include "controller/report/report_junit.h"
#include "controller/report/report_markdown.h"
#include "controller/report/run_events.h"
#include "google/protobuf/struct.pb.h"

namespace faultline {
namespace {

struct ReportArguments {
  std::string run;
  // Of a comparison, the later one.
  std::string other;
  // Empty: HTML, or JSON with --json.
  std::string format;
  // Empty: standard output.
  std::string file;
};

template <auto Render>
std::string OfRecord(const v1::GetRunResponse& run) {
  return Render(run.run());
}

// Also of what the log has beyond the record.
template <auto Render>
std::string OfAll(const v1::GetRunResponse& run) {
  return Render(run.run(), run.events());
}

struct Format {
  absl::string_view name;
  std::string (*render)(const v1::GetRunResponse& run);
};
constexpr Format kFormats[] = {{"html", OfAll<RenderHtml>},      {"json", OfRecord<ToJson>},
                               {"junit", OfRecord<RenderJunit>}, {"csv", OfRecord<RenderCsv>},
                               {"md", OfRecord<RenderMarkdown>}, {"events", OfAll<RenderEvents>}};

absl::StatusOr<Format> ReadFormat(const CommonArguments& common, const ReportArguments& arguments) {
  if (common.json && !arguments.format.empty() && arguments.format != "json") {
    return absl::InvalidArgumentError(absl::StrCat("--json and --format ", arguments.format, " exclude each other"));
  }
  const std::string name = arguments.format.empty() ? (common.json ? "json" : "html") : arguments.format;
  std::vector<std::string> names;
  for (const Format& format : kFormats) {
    if (format.name == name) return format;
    names.emplace_back(format.name);
  }
  const std::optional<std::string> nearest = Nearest(name, names);
  return absl::InvalidArgumentError(absl::StrCat("there is no format '", name, "'",
                                                 nearest ? absl::StrCat("; did you mean '", *nearest, "'?") : "",
                                                 " Formats: ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<v1::GetRunResponse> GetRun(Client& client, const std::string& id, bool events = false) {
  v1::GetRunRequest request;
  request.set_run_id(id);
  request.set_events(events);
  return client.Call(&v1::ControlService::Stub::GetRun, request);
}

absl::StatusOr<ExitCode> Report(const CommonArguments& common, const ReportArguments& arguments) {
  FAULTLINE_ASSIGN_OR_RETURN(const Format format, ReadFormat(common, arguments));
  if (format.name == "html" && arguments.file.empty() && StdoutIsTerminal()) {
    return absl::InvalidArgumentError("a page is not for a terminal: use -o report.html, or --format md");
  }
  FAULTLINE_ASSIGN_OR_RETURN(const auto client, Connect(common));
  FAULTLINE_ASSIGN_OR_RETURN(const v1::GetRunResponse run, GetRun(*client, arguments.run, /*events=*/true));
  const std::string text = format.render(run);
  if (!arguments.file.empty()) {
    const absl::Status written = WriteFile(arguments.file, text);
    return written.ok() ? ExitCode::kOk : Fail(written, ExitCode::kFailed);
  }
  std::cout << text << std::flush;
  return std::cout ? ExitCode::kOk : Fail(absl::DataLossError("the report could not be written"));
}

// {"a": …, "b": …, "same_verdicts": …, "first_difference": …, "rows": [{"part": …, "what": …, "a": …, …}]}
google::protobuf::Struct AsMessage(const Comparison& comparison) {
  google::protobuf::Struct message;
  auto& fields = *message.mutable_fields();
  fields["a"].set_string_value(comparison.a);
  fields["b"].set_string_value(comparison.b);
  fields["same_verdicts"].set_bool_value(comparison.SameVerdicts());
  fields["first_difference"].set_string_value(comparison.FirstDifference());
  for (const ComparedRow& row : comparison.rows) {
    auto& cells = *fields["rows"].mutable_list_value()->add_values()->mutable_struct_value()->mutable_fields();
    cells["part"].set_string_value(row.part);
    cells["what"].set_string_value(row.what);
    cells["a"].set_string_value(row.a);
    cells["b"].set_string_value(row.b);
    cells["differs"].set_bool_value(row.differs);
  }
  return message;
}

absl::StatusOr<ExitCode> Compare(const CommonArguments& common, const ReportArguments& arguments) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto client, Connect(common));
  FAULTLINE_ASSIGN_OR_RETURN(const v1::GetRunResponse a, GetRun(*client, arguments.run));
  FAULTLINE_ASSIGN_OR_RETURN(const v1::GetRunResponse b, GetRun(*client, arguments.other));
  const Comparison comparison = CompareRuns(a.run(), b.run());
  std::cout << (common.json ? ToJson(AsMessage(comparison)) : RenderComparison(comparison, StyleOfStdout()));
  return comparison.SameVerdicts() ? ExitCode::kOk : ExitCode::kFailed;
}

ExitCode CodeOf(const absl::StatusOr<ExitCode>& code) { return code.ok() ? *code : Fail(code.status()); }

}  // namespace

void AddReportVerbs(CommandLine& line) {
  const auto arguments = std::make_shared<ReportArguments>();
  CLI::App& report = line.AddVerb("report", "A run as a page for people, or as data for programs",
                                  "faultline report split-brain-3 -o report.html",
                                  [&line, arguments] { return CodeOf(Report(line.common(), *arguments)); });
  report.add_option("RUN", arguments->run, "Its id")->required();
  report.add_option("--format,-f", arguments->format,
                    "html (unless given), json, junit, csv, md, or events: a line of JSON each");
  report.add_option("--output,-o", arguments->file, "The file to write; else standard output")->type_name("FILE");
  CLI::App& compare = line.AddVerb("compare", "Two runs side by side; exit code 1 when their verdicts differ",
                                   "faultline compare split-brain-3 split-brain-4",
                                   [&line, arguments] { return CodeOf(Compare(line.common(), *arguments)); });
  compare.add_option("A", arguments->run, "The earlier run's id")->required();
  compare.add_option("B", arguments->other, "The later run's id")->required();
}

}  // namespace faultline
