#include "common/service/failure.h"

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace faultline {
namespace {

// As sd-daemon(3) has it.
constexpr char kErrorPrefix[] = "<3>";

}  // namespace

std::string FailureText(absl::string_view program, absl::string_view why, bool to_journal) {
  std::string text = absl::StrCat(program, ": ", why);
  if (to_journal)
    text = absl::StrCat(kErrorPrefix, absl::StrReplaceAll(text, {{"\n", absl::StrCat("\n", kErrorPrefix)}}));
  return absl::StrCat(text, "\n");
}

void ReportFailure(absl::string_view program, absl::string_view why, const ServiceNotifier& notifier, bool to_journal) {
  std::cerr << FailureText(program, why, to_journal);
  // Whom it could not be told to, is not there.
  notifier.Status(why).IgnoreError();
}

}  // namespace faultline
