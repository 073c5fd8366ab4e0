#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/audit/audit_file.h"
#include "controller/audit/verify_audit.h"
#include "controller/cli/call.h"
#include "controller/cli/moment.h"
#include "controller/cli/verbs.h"
#include "controller/cli/wire_time.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

using Stub = v1::ControlService::Stub;

struct AuditArguments {
  std::string file = "/var/lib/faultline";
  bool offline = false;
  std::string since;
  std::uint32_t most = 0;
};

// What the controller has written last; asked before the files are read, so that they cannot have less. None when there
// is nobody to ask.
std::optional<AuditHead> WrittenHead(const CommonArguments& common) {
  v1::ListAuditRequest request;
  request.set_most(1);
  absl::Status why;
  if (const auto client = Connect(common); client.ok()) {
    const auto response = (*client)->Call(&Stub::ListAudit, request);
    if (response.ok()) return AuditHead{.seq = response->head_seq(), .hash = response->head_hash()};
    why = response.status();
  } else {
    why = client.status();
  }
  std::cerr << "note: " << why.message() << "; whether the end was cut off is not known\n";
  return std::nullopt;
}

ExitCode VerifyLog(const CommonArguments& common, const AuditArguments& arguments) {
  // Of a file that was put away the controller's last entry is not to be expected.
  const bool whole = std::filesystem::is_directory(arguments.file) ||
                     std::filesystem::path(arguments.file).filename() == "audit.jsonl";
  const auto written = whole && !arguments.offline ? WrittenHead(common) : std::nullopt;
  const absl::StatusOr<AuditVerdict> verdict = VerifyAudit(arguments.file, written);
  if (!verdict.ok()) return Fail(verdict.status(), ExitCode::kFailed);
  for (const std::string& note : verdict->notes) std::cerr << "note: " << note << "\n";
  if (!verdict->broken.empty()) return Fail(absl::DataLossError(verdict->broken), ExitCode::kFailed);
  std::cout << arguments.file << ": " << verdict->entries << " entries, each as it was written; the last is "
            << verdict->head.seq << ", " << verdict->head.hash << "\n";
  return ExitCode::kOk;
}

std::string Render(const v1::ListAuditResponse& response) {
  std::vector<std::vector<std::string>> rows = {
      {"NO", "TIME", "WHO", "ROLE", "FROM", "ACTION", "DECISION", "RUN", "REASON"}};
  for (const v1::AuditLine& line : response.lines()) {
    rows.push_back({absl::StrCat(line.seq()), FormatMoment(DecodeMoment(line.time())), Tame(line.who()), line.role(),
                    Tame(line.from()), Tame(line.action()), line.decision(), Tame(line.run_id()), Tame(line.reason())});
  }
  return FormatTable(rows, 0);
}

ExitCode ListLog(const CommonArguments& common, const AuditArguments& arguments) {
  v1::ListAuditRequest request;
  request.set_most(arguments.most);
  if (!arguments.since.empty()) {
    const auto since = ForOption("--since", ParsePast(arguments.since, absl::Now()));
    if (!since.ok()) return Fail(since.status());
    *request.mutable_since() = EncodeMoment(*since);
  }
  return CallAndPrint(common, &Stub::ListAudit, request, Render);
}

}  // namespace

void AddAuditVerbs(CommandLine& line) {
  const auto arguments = std::make_shared<AuditArguments>();
  CLI::App& audit = line.AddNoun("audit", "Who asked the controller for what, and what became of it");
  CLI::App& verify =
      line.AddVerb(audit, "verify", "Whether the log is as it was written; exits with 1 at the first line that is not",
                   "faultline audit verify --file /var/lib/faultline",
                   [&line, arguments] { return VerifyLog(line.common(), *arguments); });
  verify.add_option("--file", arguments->file, "The controller's state folder, or one file of its log")
      ->capture_default_str()
      ->type_name("FILE");
  verify.add_flag("--offline", arguments->offline, "Do not ask the controller what it wrote last");
  CLI::App& list =
      line.AddVerb(audit, "list", "The latest entries, oldest first, of all files", "faultline audit list --since 1h",
                   [&line, arguments] { return ListLog(line.common(), *arguments); });
  list.add_option("--since", arguments->since, "Only those since: 1h, 7d, 2026-12-01T02:00Z");
  list.add_option("--most", arguments->most, "At most so many (1000)");
}

}  // namespace faultline
