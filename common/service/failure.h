#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "common/service/notify.h"

namespace faultline {

// Says why a daemon ends: on standard error, "PROGRAM: WHY", and to the service manager, whose status then shows it.
// `to_journal`: standard error leads to systemd's journal, which is told line by line that this is an error.
void ReportFailure(absl::string_view program, absl::string_view why, const ServiceNotifier& notifier, bool to_journal);

// What it says on standard error.
std::string FailureText(absl::string_view program, absl::string_view why, bool to_journal);

}  // namespace faultline
