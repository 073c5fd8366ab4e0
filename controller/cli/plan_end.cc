#include "controller/cli/plan_end.h"

#include "absl/strings/str_cat.h"
#include "common/document/document.h"

namespace faultline {

bool CanBeAddedTo(absl::string_view text) {
  TextErrors errors;
  if (ParseDocument(absl::StrCat(text, "x: y\n"), errors) != nullptr) return true;
  return ParseDocument(text, errors) == nullptr;
}

}  // namespace faultline
