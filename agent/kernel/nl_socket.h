#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "agent/kernel/nl_transport.h"

struct mnl_socket;

namespace faultline {

// What netlink speaks to: netfilter, or links, addresses and qdiscs.
enum class NlBus : std::uint8_t { kNetfilter, kRouting };

// A netlink socket of the network namespace in which it was opened: closed on exec, with
// extended and capped acknowledgements, receiving from the kernel only. Its send buffer grows to
// whatever a datagram needs. Owns the socket; closing it makes the kernel drop the nft tables that
// it owns.
class NlSocket : public NlTransport {
 public:
  // UNAVAILABLE when the kernel has no nfnetlink.
  static absl::StatusOr<std::unique_ptr<NlTransport>> Open(NlBus bus = NlBus::kNetfilter);

  int Send(std::span<const std::uint8_t> datagram) override;
  Received Receive(std::span<std::uint8_t> buffer, Duration timeout) override;
  std::uint32_t port_id() const override;

 private:
  struct Closer {
    void operator()(mnl_socket* socket) const;
  };
  using Handle = std::unique_ptr<mnl_socket, Closer>;

  explicit NlSocket(Handle socket);
  // 0, or the errno.
  int GrowSendBuffer(std::size_t size);

  Handle socket_;
  // What SO_SNDBUF was last set to.
  std::size_t send_buffer_;
};

}  // namespace faultline
