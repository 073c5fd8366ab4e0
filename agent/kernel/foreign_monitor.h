#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/kernel/foreign_change.h"
#include "common/unique_fd.h"

namespace faultline {

// Tells when somebody else changes tables, devices or qdiscs in the network namespace in which it was started, as far
// as they could be ours: all it knows of ours is the tables' name. Changes nothing. Where changes come faster than they
// are read, some are not told.
class ForeignMonitor {
 public:
  // Called on the monitor's own thread, with what came together.
  using Found = std::function<void(const std::vector<ForeignChange>&)>;

  // `own`: whose changes are not told.
  static absl::StatusOr<std::unique_ptr<ForeignMonitor>> Start(const NetlinkPorts& own, Found found);

  // From now on changes of nftables are not heard, until Listen: for a large batch of our own. Of each of its elements
  // the kernel would make a notice, of 8 KB until it is read, which takes longer than the batch itself. The kernel lets
  // nobody else change nftables in the namespace while it carries out a batch, so all that can be missed is what comes
  // in the moments before and after. Thread-safe. Listen fails as setsockopt(2) does; then nothing is heard any more.
  void Deafen();
  absl::Status Listen();

  // Waits until a call in progress has returned.
  ~ForeignMonitor();
  ForeignMonitor(const ForeignMonitor&) = delete;
  ForeignMonitor& operator=(const ForeignMonitor&) = delete;

 private:
  ForeignMonitor(const NetlinkPorts& own, UniqueFd netfilter, UniqueFd route, UniqueFd stop, Found found);

  void Loop();

  const NetlinkPorts own_;
  const UniqueFd netfilter_;
  const UniqueFd route_;
  const UniqueFd stop_;
  const Found found_;
  // Last: it uses everything above.
  std::thread thread_;
};

}  // namespace faultline
