#include "agent/enrolled_controller.h"

#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/status.h"

namespace faultline {

std::string EnrolledControllerFile(const TlsFiles& tls) {
  return (std::filesystem::path(tls.certificate).parent_path() / "controller").string();
}

absl::StatusOr<std::string> EnrolledController(const TlsFiles& tls) {
  constexpr absl::string_view kUnknown =
      "no controller is known: the configuration has no 'controller', such as 198.18.0.10:7400, and ";
  const std::string file = EnrolledControllerFile(tls);
  const absl::StatusOr<std::string> text = ReadFile(file);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrCat(kUnknown, "there is no ", file, ", which `faultline-agent enroll` makes"));
  }
  if (!text.ok()) return WithContext(text.status(), "the configuration has no 'controller', and the enrolled one");
  const absl::string_view address = absl::StripAsciiWhitespace(*text);
  if (address.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(kUnknown, file, " is empty, which `faultline-agent enroll` makes anew"));
  }
  return std::string(address);
}

}  // namespace faultline
