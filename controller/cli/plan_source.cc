#include "controller/cli/plan_source.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/status.h"
#include "controller/cli/plan_files.h"
#include "controller/cli/plan_library.h"
#include "controller/cli/plan_settings.h"
#include "controller/plan/plan_yaml.h"

namespace faultline {
namespace {

struct PlanText {
  std::string text;
  // What errors call it.
  std::string name;
  // Where the files are that it names.
  std::string directory;
};

absl::StatusOr<PlanText> ReadText(const std::string& plan) {
  if (IsLibraryName(plan)) {
    const PlanLibrary library = PlanLibrary::Installed();
    FAULTLINE_ASSIGN_OR_RETURN(std::string text, library.Text(plan));
    return PlanText{std::move(text), absl::StrCat(plan, ".yaml"), ""};
  }
  absl::StatusOr<std::string> text = ReadFile(plan);
  if (!text.ok()) return absl::InvalidArgumentError(text.status().message());
  return PlanText{*std::move(text), plan, std::filesystem::path(plan).parent_path()};
}

}  // namespace

absl::StatusOr<v1::PlanSource> WholePlan(std::string text, const std::string& directory, const std::string& name) {
  v1::PlanSource source;
  FAULTLINE_ASSIGN_OR_RETURN(*source.mutable_text(), AddPlanFiles(std::move(text), directory, name));
  source.set_file_name(name);
  return source;
}

absl::StatusOr<v1::PlanSource> ReadPlanSource(const PlanArguments& arguments) {
  FAULTLINE_ASSIGN_OR_RETURN(PlanText plan, ReadText(arguments.plan));
  FAULTLINE_ASSIGN_OR_RETURN(std::string text, AddSettings(std::move(plan.text), arguments.set));
  return WholePlan(std::move(text), plan.directory, plan.name);
}

absl::StatusOr<Plan> ParseSource(const v1::PlanSource& source) {
  ParsedPlan parsed = ParsePlan(source.text());
  if (!parsed.errors.empty()) return absl::InvalidArgumentError(JoinErrors(parsed.errors, source.file_name()));
  return std::move(parsed.plan);
}

}  // namespace faultline
