#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/kernel/kernel.h"
#include "agent/kernel/rt_socket.h"
#include "common/unique_fd.h"

namespace faultline {

// Tells when interfaces that could carry faults come, go or change their addresses, in the network namespace in which
// it was started: a second network card attached to the host, a tunnel, a rename. Changes nothing.
class LinkMonitor {
 public:
  // Called on the monitor's own thread with all of them (as ListInterfaces has them), first with those there are at the
  // start, then whenever they differ from what was last told.
  using Changed = std::function<void(const std::vector<Interface>&)>;

  static absl::StatusOr<std::unique_ptr<LinkMonitor>> Start(Changed changed);

  // Waits until a call in progress has returned.
  ~LinkMonitor();
  LinkMonitor(const LinkMonitor&) = delete;
  LinkMonitor& operator=(const LinkMonitor&) = delete;

 private:
  LinkMonitor(RtSocket query, UniqueFd events, UniqueFd stop, Changed changed);

  void Loop();
  void Tell();

  RtSocket query_;
  UniqueFd events_;
  UniqueFd stop_;
  const Changed changed_;
  // What was last told.
  std::vector<Interface> told_;
  bool told_any_ = false;
  // Last: it uses everything above.
  std::thread thread_;
};

}  // namespace faultline
