#include "agent/kernel/rt_socket.h"

#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case NLE_EXIST:
      return absl::StatusCode::kAlreadyExists;
    case NLE_OBJ_NOTFOUND:
    case NLE_NODEV:
      return absl::StatusCode::kNotFound;
    case NLE_PERM:
    case NLE_NOACCESS:
      return absl::StatusCode::kPermissionDenied;
    case NLE_OPNOTSUPP:
      return absl::StatusCode::kUnimplemented;
    case NLE_INVAL:
    case NLE_RANGE:
      return absl::StatusCode::kInvalidArgument;
    case NLE_NOMEM:
      return absl::StatusCode::kResourceExhausted;
    case NLE_BUSY:
    case NLE_AGAIN:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kUnknown;
  }
}

}  // namespace

void RtSocket::Freer::operator()(nl_sock* socket) const { nl_socket_free(socket); }

absl::StatusOr<RtSocket> RtSocket::Open() {
  RtSocket socket;
  socket.socket_.reset(nl_socket_alloc());
  if (!socket.socket_) return absl::ResourceExhaustedError("allocate a routing netlink socket");
  if (const int error = nl_connect(socket.get(), NETLINK_ROUTE); error < 0) {
    return NlError(error, "open a routing netlink socket");
  }
  return socket;
}

std::uint32_t RtSocket::port_id() const { return nl_socket_get_local_port(socket_.get()); }

absl::Status NlError(int code, absl::string_view operation) {
  const int error = std::abs(code);
  return absl::Status(CodeOf(error), absl::StrCat(operation, ": ", nl_geterror(error)));
}

}  // namespace faultline
