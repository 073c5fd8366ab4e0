#include "controller/cli/plan_library.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/document/document.h"
#include "common/edit_distance.h"
#include "common/file.h"
#include "common/name.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

constexpr char kSuffix[] = ".yaml";

std::string FileOf(const std::string& directory, const std::string& name) {
  return fs::path(directory) / absl::StrCat(name, kSuffix);
}

// Of the checkout in whose `build` a program is.
std::optional<fs::path> PlansOfCheckout(const fs::path& program) {
  for (fs::path folder = program.parent_path(); folder != folder.root_path(); folder = folder.parent_path()) {
    const fs::path plans = folder.parent_path() / "plans";
    std::error_code error;
    if (folder.filename() == "build" && fs::is_directory(plans, error)) return plans;
  }
  return std::nullopt;
}

}  // namespace

PlanLibrary PlanLibrary::Installed() {
  if (const char* const named = std::getenv("FAULTLINE_PLANS"); named != nullptr) return PlanLibrary(named);
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path beside = program.parent_path().parent_path() / "share/faultline/plans";
  if (fs::is_directory(beside, error)) return PlanLibrary(beside);
  return PlanLibrary(PlansOfCheckout(program).value_or(beside));
}

absl::StatusOr<std::vector<PlanLibrary::Entry>> PlanLibrary::List() const {
  std::error_code error;
  std::vector<Entry> entries;
  for (const fs::directory_entry& file : fs::directory_iterator(directory_, error)) {
    if (file.path().extension() != kSuffix) continue;
    const absl::StatusOr<std::string> text = ReadFile(file.path());
    entries.push_back({file.path().stem(), text.ok() ? DescriptionOf(*text) : ""});
  }
  if (error) {
    return absl::NotFoundError(absl::StrCat("the plans of the library are not in ", directory_, ": ", error.message(),
                                            "; FAULTLINE_PLANS may name their directory"));
  }
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

absl::StatusOr<std::string> PlanLibrary::Text(const std::string& name) const {
  // A name, so that it cannot lead out of the directory.
  if (CheckName(name, "plan").ok() && fs::exists(FileOf(directory_, name))) return ReadFile(FileOf(directory_, name));
  const absl::StatusOr<std::vector<Entry>> entries = List();
  if (!entries.ok()) return entries.status();
  std::vector<std::string> names;
  for (const Entry& entry : *entries) names.push_back(entry.name);
  const std::optional<std::string> nearest = Nearest(name, names);
  return absl::NotFoundError(absl::StrCat(
      "'", name, "' is neither a file nor a plan of the library; ",
      nearest ? absl::StrCat("did you mean '", *nearest, "'?") : "`faultline plans` lists those there are"));
}

bool IsLibraryName(const std::string& word) {
  if (absl::StrContains(word, '/') || absl::EndsWith(word, ".yaml") || absl::EndsWith(word, ".yml")) return false;
  std::error_code error;
  return !fs::is_regular_file(word, error);
}

std::string DescriptionOf(absl::string_view text) {
  TextErrors errors;
  const DocumentPtr document = ParseDocument(text, errors);
  if (document == nullptr) return "";
  for (const DocumentValue::Entry& entry : document->entries) {
    if (entry.key->text == "description") return entry.value->text;
  }
  return "";
}

}  // namespace faultline
