#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "controller/cli/client.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// How a run is followed.
struct WatchOptions {
  // Print each stage's matrices when it has been observed, and the progress.
  bool matrices = false;
  // Print nothing at all.
  bool quiet = false;
};

// Follows a run to its end and returns it. On the first Ctrl-C (SIGINT) or SIGTERM the run is aborted, so that every
// node heals, and followed until that is done; on the second this returns ABORTED at once.
absl::StatusOr<v1::Run> WatchUntilOver(Client& client, const std::string& run_id, const WatchOptions& options);

}  // namespace faultline
