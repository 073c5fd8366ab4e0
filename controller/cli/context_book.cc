#include "controller/cli/context_book.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/file.h"
#include "common/identity/private_file.h"
#include "common/name.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr char kController[] = "/controller";

}  // namespace

std::string ContextBook::DefaultFolder() {
  const char* const config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config != '\0') return absl::StrCat(config, "/faultline");
  const char* const home = std::getenv("HOME");
  return home != nullptr && *home != '\0' ? absl::StrCat(home, "/.config/faultline") : "";
}

std::vector<std::string> ContextBook::List() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/contexts", error)) {
    if (std::filesystem::exists(entry.path().string() + kController, error)) names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

absl::StatusOr<Context> ContextBook::Get(const std::string& name) const {
  FAULTLINE_RETURN_IF_ERROR(CheckName(name, "context name"));
  const std::string folder = FolderOf(name);
  const absl::StatusOr<std::string> controller = ReadFile(folder + kController);
  if (absl::IsNotFound(controller.status())) {
    const std::vector<std::string> names = List();
    return absl::NotFoundError(absl::StrCat(
        "there is no context '", name, "'; ",
        names.empty() ? "`faultline login` makes one" : absl::StrCat("there are ", absl::StrJoin(names, ", "))));
  }
  if (!controller.ok()) return controller.status();
  return Context{.name = name,
                 .controller = std::string(absl::StripAsciiWhitespace(*controller)),
                 .tls = {.ca = folder + "/ca.crt", .certificate = folder + "/user.crt", .key = folder + "/user.key"}};
}

absl::StatusOr<std::optional<std::string>> ContextBook::Current() const {
  const absl::StatusOr<std::string> text = ReadFile(folder_ + "/current");
  if (absl::IsNotFound(text.status())) return std::nullopt;
  if (!text.ok()) return text.status();
  return std::string(absl::StripAsciiWhitespace(*text));
}

absl::Status ContextBook::Use(const std::string& name) const {
  FAULTLINE_RETURN_IF_ERROR(Get(name).status());
  return WritePrivateFile(folder_ + "/current", name + "\n");
}

absl::Status ContextBook::Save(const std::string& name, const std::string& controller,
                               const TlsMaterial& material) const {
  FAULTLINE_RETURN_IF_ERROR(CheckName(name, "context name"));
  if (folder_.empty()) return absl::FailedPreconditionError("neither HOME nor XDG_CONFIG_HOME says where to keep it");
  const std::string folder = FolderOf(name);
  for (const std::string& made : {folder_, folder_ + "/contexts", folder}) {
    FAULTLINE_RETURN_IF_ERROR(MakePrivateFolder(made));
  }
  FAULTLINE_RETURN_IF_ERROR(WritePrivateFile(folder + "/user.key", material.key));
  FAULTLINE_RETURN_IF_ERROR(WritePrivateFile(folder + "/ca.crt", material.ca));
  FAULTLINE_RETURN_IF_ERROR(WritePrivateFile(folder + "/user.crt", material.certificate));
  return WritePrivateFile(folder + kController, controller + "\n");
}

}  // namespace faultline
