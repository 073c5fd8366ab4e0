#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/prefix.h"
#include "common/unique_fd.h"
#include "tests/support/netns.h"

namespace faultline::testing {

// A packet of any protocol, as filters see it. No kernel answers one.
struct RawPacket {
  Family family = Family::kIpv4;
  // IPPROTO_; those without ports have none.
  std::uint8_t protocol = 17;
  std::uint16_t source_port = 40000;
  std::uint16_t destination_port = 3000;
  std::uint8_t dscp = 0;
  // IPv6: with an extension header in front of the protocol's own.
  bool extended = false;
  // Bytes after the headers; above the MTU it is sent in fragments.
  std::size_t size = 64;

  bool HasPorts() const;
  std::string ToString() const;
};

// One way from one namespace to another, for raw packets.
class RawWire {
 public:
  struct Ends {
    std::string v4;
    std::string v6;
  };
  RawWire(const Netns& from_netns, Ends from, const Netns& to_netns, Ends to);

  // Which of the packets arrive. As SendAndCount, it waits for a fence that follows them: the fence's port must not be
  // blocked, and packets must keep their order.
  std::vector<bool> Send(std::span<const RawPacket> packets);
  bool Arrives(const RawPacket& packet) { return Send({&packet, 1}).front(); }

 private:
  using Kind = std::pair<Family, std::uint8_t>;

  const UniqueFd& Socket(std::map<Kind, UniqueFd>& sockets, const Netns& netns, const Ends& ends, const Kind& kind);
  void SendOne(const RawPacket& packet, std::uint32_t number);
  const std::string& AddressOf(const Ends& ends, Family family) const;

  const Netns& from_netns_;
  const Netns& to_netns_;
  const Ends from_;
  const Ends to_;
  std::map<Kind, UniqueFd> senders_;
  std::map<Kind, UniqueFd> receivers_;
};

}  // namespace faultline::testing
