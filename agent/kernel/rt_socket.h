#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct nl_sock;

namespace faultline {

// A connected NETLINK_ROUTE socket of the network namespace in which it was opened: links,
// addresses and qdiscs go through it by libnl. One thread at a time.
class RtSocket {
 public:
  static absl::StatusOr<RtSocket> Open();

  // For libnl's calls; stays this object's.
  nl_sock* get() const { return socket_.get(); }
  // The address the kernel knows this end by.
  std::uint32_t port_id() const;

 private:
  struct Freer {
    void operator()(nl_sock* socket) const;
  };
  std::unique_ptr<nl_sock, Freer> socket_;
};

// A libnl error code (negative, or the same positive) as a Status: "operation: error text".
absl::Status NlError(int code, absl::string_view operation);

}  // namespace faultline
