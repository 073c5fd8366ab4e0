#include "controller/plan/file_name.h"

#include "absl/strings/str_cat.h"
#include "common/document/value_reader.h"

namespace faultline {

std::optional<std::string> ReadFileName(const DocumentValue& value, absl::string_view what, TextErrors& errors) {
  // So that messages that name it are never cut.
  constexpr std::size_t kLongest = 200;
  std::optional<std::string> name = ReadText(value, what, errors);
  if (!name) return name;
  if (name->empty() || name->size() > kLongest) {
    errors.Add(value.position,
               absl::StrCat(what, " must be a file's name of 1 to ", kLongest, " characters, not ", name->size()));
    return std::nullopt;
  }
  return name;
}

}  // namespace faultline
