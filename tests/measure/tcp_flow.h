#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/unique_fd.h"
#include "tests/support/netns.h"

namespace faultline::measure {

// One TCP connection from a namespace to another that sends as fast as it can, from Start to Stop.
class TcpFlow {
 public:
  static absl::StatusOr<std::unique_ptr<TcpFlow>> Start(const testing::Netns& from_netns,
                                                        const testing::Netns& to_netns, const std::string& to);
  ~TcpFlow();
  TcpFlow(const TcpFlow&) = delete;
  TcpFlow& operator=(const TcpFlow&) = delete;

  // That have arrived until now.
  std::int64_t bytes() const { return arrived_; }

 private:
  TcpFlow(UniqueFd sender, UniqueFd receiver);

  const UniqueFd sender_;
  const UniqueFd receiver_;
  std::atomic<std::int64_t> arrived_ = 0;
  std::thread receive_thread_;
  std::thread send_thread_;
};

}  // namespace faultline::measure
