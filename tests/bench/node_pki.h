#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/identity/tls_files.h"

namespace faultline::bench {

// Makes a certificate authority in an empty folder, a controller's certificate for 127.0.0.1, and one for each of
// `nodes` nodes named `node-<n>`.
absl::Status MakeNodePki(const std::string& folder, int nodes);

TlsFiles ControllerFiles(const std::string& folder);
TlsFiles NodeFiles(const std::string& folder, int number);

}  // namespace faultline::bench
