#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace faultline {

// Makes the runtime folder when it is missing and takes its lock, which is held as long as the result lives and keeps a
// second agent out: FAILED_PRECONDITION when there is one. Other errors name the operation and the path. To be taken
// before anything in the kernel is reset: it may be a living agent's.
absl::StatusOr<UniqueFd> LockRuntimeFolder(const std::string& runtime_folder);

// The agent's own socket, by which root on the node can make it heal without the controller: a Unix stream socket
// ("agent.sock" in the runtime folder, mode 0600) that answers each connection's line "heal" with "healed N".
class LocalHealServer {
 public:
  // Ends all runs; returns how many. Called from the server's thread.
  using Heal = std::function<std::size_t()>;

  // Listens in `runtime_folder`. Errors name the operation and the path. REQUIRES: the folder is locked.
  static absl::StatusOr<std::unique_ptr<LocalHealServer>> Start(const std::string& runtime_folder, Heal heal);

  ~LocalHealServer();
  LocalHealServer(const LocalHealServer&) = delete;
  LocalHealServer& operator=(const LocalHealServer&) = delete;

 private:
  LocalHealServer(UniqueFd listener, UniqueFd stop, std::string path, Heal heal);
  void Loop();
  void Serve(int connection);

  const UniqueFd listener_;
  const UniqueFd stop_;
  const std::string path_;
  const Heal heal_;
  std::thread thread_;
};

// Asks the agent of this runtime folder to heal; how many runs it ended. NOT_FOUND when no agent listens there,
// DEADLINE_EXCEEDED when it does not answer within two seconds.
absl::StatusOr<std::size_t> AskToHeal(const std::string& runtime_folder);

}  // namespace faultline
