#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "agent/local_protocol.h"
#include "common/unique_fd.h"

namespace faultline {

// Makes the runtime folder when it is missing and takes its lock, which is held as long as the result lives and keeps a
// second agent out: FAILED_PRECONDITION when there is one. Other errors name the operation and the path. To be taken
// before anything in the kernel is reset: it may be a living agent's.
absl::StatusOr<UniqueFd> LockRuntimeFolder(const std::string& runtime_folder);

// The agent's own socket, by which root on the node can ask it without the controller: a Unix stream socket in the
// runtime folder, mode 0600, that takes one line of local_protocol.h from each connection. It keeps a file descriptor
// back for when the process has no other left.
class LocalServer {
 public:
  // Called from the server's thread.
  struct Verbs {
    // Ends all runs; returns how many, or why something is left.
    std::function<absl::StatusOr<std::size_t>()> heal;
    std::function<LocalStatus()> status;
    // Sets the level of the log, when one is given; returns the level that it then has.
    std::function<LogLevel(std::optional<LogLevel>)> log_level;
  };

  // Listens in `runtime_folder`. Errors name the operation and the path. REQUIRES: the folder is locked.
  static absl::StatusOr<std::unique_ptr<LocalServer>> Start(const std::string& runtime_folder, Verbs verbs);

  // Waits for a call of a verb to return.
  ~LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

 private:
  LocalServer(UniqueFd listener, UniqueFd stop, UniqueFd spare, std::string path, Verbs verbs);
  void Loop();
  UniqueFd Accept();
  void Serve(int connection);

  const UniqueFd listener_;
  const UniqueFd stop_;
  // Given up for a connection when there is no other descriptor left.
  UniqueFd spare_;
  const std::string path_;
  const Verbs verbs_;
  std::thread thread_;
};

}  // namespace faultline
