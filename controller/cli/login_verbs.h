#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/identity/private_file.h"
#include "common/name.h"
#include "common/status.h"
#include "controller/cli/context_book.h"

namespace faultline {

// Whether a login at `controller` could be kept as the context `name` of the book in `folder`, which is made: to be
// seen before a token is spent. INVALID_ARGUMENT when that is no name, FAILED_PRECONDITION when there is no folder,
// ALREADY_EXISTS when it is the context of another controller; otherwise the error names a file.
inline absl::Status CheckLogin(const std::string& folder, const std::string& name, const std::string& controller) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(name, "context name"));
  if (folder.empty()) return absl::FailedPreconditionError("neither HOME nor XDG_CONFIG_HOME says where to keep it");
  const absl::StatusOr<Context> present = ContextBook(folder).Get(name);
  if (!present.ok() && !absl::IsNotFound(present.status())) return present.status();
  if (present.ok() && present->controller != controller) {
    return absl::AlreadyExistsError(absl::StrCat("the context '", name, "' is of ", present->controller,
                                                 "; give this one another name with --context"));
  }
  const std::string contexts = folder + "/contexts";
  const std::string own = absl::StrCat(contexts, "/", name);
  for (const std::string& made : {folder, contexts, own}) FAULTLINE_RETURN_IF_ERROR(MakePrivateFolder(made));
  for (const char* const file : {"/user.key", "/ca.crt", "/user.crt", "/controller"}) {
    FAULTLINE_RETURN_IF_ERROR(CheckPrivateFile(own + file));
  }
  return CheckPrivateFile(folder + "/current");
}

}  // namespace faultline
