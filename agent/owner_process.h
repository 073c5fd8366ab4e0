#pragma once

#include <sys/types.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace faultline {

// The agent that owns the nft tables of this network namespace: while it lives nobody else can remove them, however it
// hangs. It is known by what it has, not by what it says: the netlink socket to which the kernel gave them. Held in a
// way that no other process can take its place.
class OwnerProcess {
 public:
  // NOT_FOUND when no process that can be seen here both runs a program called faultline-agent and has that socket, as
  // when it runs in another PID namespace.
  static absl::StatusOr<OwnerProcess> Find(std::uint32_t netlink_port);

  pid_t pid() const { return pid_; }

  // By SIGKILL; returns when it has gone, and with it the tables. DEADLINE_EXCEEDED when it has not within five
  // seconds, as in a system call that cannot be broken off.
  absl::Status Kill();

 private:
  OwnerProcess(pid_t pid, UniqueFd process) : pid_(pid), process_(std::move(process)) {}

  pid_t pid_ = 0;
  UniqueFd process_;
};

}  // namespace faultline
