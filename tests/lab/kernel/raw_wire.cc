#include "tests/lab/kernel/raw_wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tests/support/udp.h"

namespace faultline::testing {
namespace {

// At the end of each packet, before its number.
constexpr std::uint32_t kMagic = 0xfa017117;

void Append16(std::vector<std::uint8_t>& bytes, std::size_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

// The protocol's header, such that whoever gets the packet has nothing to answer: a reset, an echo's reply.
std::vector<std::uint8_t> HeaderOf(const RawPacket& packet) {
  std::vector<std::uint8_t> bytes;
  if (packet.HasPorts()) {
    Append16(bytes, packet.source_port);
    Append16(bytes, packet.destination_port);
  }
  switch (packet.protocol) {
    case IPPROTO_TCP:
      bytes.resize(20, 0);
      bytes[12] = 5 << 4;
      bytes[13] = 0x04;
      break;
    case IPPROTO_UDP:
      Append16(bytes, 8 + packet.size);
      Append16(bytes, 0);
      break;
    case IPPROTO_SCTP:
      bytes.resize(12, 0);
      break;
    case IPPROTO_ICMP:
      bytes.resize(8, 0);
      break;
    case IPPROTO_ICMPV6:
      bytes.resize(8, 0);
      bytes[0] = 129;
      break;
    default:
      break;
  }
  return bytes;
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress AddressOf(const std::string& text, Family family) {
  SocketAddress address;
  if (family == Family::kIpv4) {
    sockaddr_in in{.sin_family = AF_INET};
    EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &in.sin_addr), 1) << text;
    std::memcpy(&address.storage, &in, sizeof(in));
    address.size = sizeof(in);
  } else {
    sockaddr_in6 in{.sin6_family = AF_INET6};
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &in.sin6_addr), 1) << text;
    std::memcpy(&address.storage, &in, sizeof(in));
    address.size = sizeof(in);
  }
  return address;
}

// Eight bytes that say nothing: padding options.
constexpr std::array<std::uint8_t, 8> kDestinationOptions = {0, 0, 1, 4, 0, 0, 0, 0};

}  // namespace

bool RawPacket::HasPorts() const {
  return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

std::string RawPacket::ToString() const {
  std::string text = absl::StrCat(family == Family::kIpv4 ? "IPv4" : "IPv6", " protocol ", protocol);
  if (HasPorts()) absl::StrAppend(&text, " from ", source_port, " to ", destination_port);
  if (dscp != 0) absl::StrAppend(&text, " dscp ", dscp);
  if (extended) absl::StrAppend(&text, " extended");
  return text;
}

RawWire::RawWire(const Netns& from_netns, Ends from, const Netns& to_netns, Ends to)
    : from_netns_(from_netns), to_netns_(to_netns), from_(std::move(from)), to_(std::move(to)) {}

const std::string& RawWire::AddressOf(const Ends& ends, Family family) const {
  return family == Family::kIpv4 ? ends.v4 : ends.v6;
}

const UniqueFd& RawWire::Socket(std::map<Kind, UniqueFd>& sockets, const Netns& netns, const Ends& ends,
                                const Kind& kind) {
  const auto found = sockets.find(kind);
  if (found != sockets.end()) return found->second;
  const auto [family, protocol] = kind;
  const InNetns inside(netns);
  UniqueFd fd(socket(family == Family::kIpv4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, protocol));
  const int size = 4 << 20;
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
  const SocketAddress local = testing::AddressOf(AddressOf(ends, family), family);
  EXPECT_EQ(bind(fd.get(), local.get(), local.size), 0) << strerror(errno);
  return sockets.emplace(kind, std::move(fd)).first->second;
}

void RawWire::SendOne(const RawPacket& packet, std::uint32_t number) {
  const bool v4 = packet.family == Family::kIpv4;
  const UniqueFd& fd = Socket(senders_, from_netns_, from_, {packet.family, packet.protocol});
  const int traffic_class = packet.dscp << 2;
  const int set = v4 ? setsockopt(fd.get(), IPPROTO_IP, IP_TOS, &traffic_class, sizeof(traffic_class))
                     : setsockopt(fd.get(), IPPROTO_IPV6, IPV6_TCLASS, &traffic_class, sizeof(traffic_class));
  EXPECT_EQ(set, 0) << strerror(errno);
  if (!v4) {
    const auto size = static_cast<socklen_t>(packet.extended ? kDestinationOptions.size() : 0);
    EXPECT_EQ(setsockopt(fd.get(), IPPROTO_IPV6, IPV6_DSTOPTS, kDestinationOptions.data(), size), 0) << strerror(errno);
  }
  std::vector<std::uint8_t> bytes = HeaderOf(packet);
  const std::uint32_t end[] = {kMagic, number};
  bytes.resize(bytes.size() + packet.size, 0);
  std::memcpy(bytes.data() + bytes.size() - sizeof(end), end, sizeof(end));
  const SocketAddress remote = testing::AddressOf(AddressOf(to_, packet.family), packet.family);
  EXPECT_EQ(sendto(fd.get(), bytes.data(), bytes.size(), 0, remote.get(), remote.size),
            static_cast<ssize_t>(bytes.size()))
      << packet.ToString() << ": " << strerror(errno);
}

std::vector<bool> RawWire::Send(std::span<const RawPacket> packets) {
  UdpSocket fence_sender(from_netns_, from_.v4, 0);
  UdpSocket fence(to_netns_, to_.v4, kFencePort);
  for (const RawPacket& packet : packets) Socket(receivers_, to_netns_, to_, {packet.family, packet.protocol});
  for (std::size_t i = 0; i < packets.size(); ++i) SendOne(packets[i], static_cast<std::uint32_t>(i));
  EXPECT_EQ(fence_sender.SendTo(to_.v4, kFencePort, "fence"), 0);
  EXPECT_EQ(fence.Receive(std::chrono::seconds(5)), "fence");
  std::vector<bool> arrived(packets.size(), false);
  std::vector<std::uint8_t> buffer(1 << 16);
  for (const auto& [kind, fd] : receivers_) {
    ssize_t size = 0;
    while ((size = recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT)) >= 0) {
      std::uint32_t end[2] = {};
      if (static_cast<std::size_t>(size) < sizeof(end)) continue;
      std::memcpy(end, buffer.data() + size - sizeof(end), sizeof(end));
      if (end[0] != kMagic) continue;
      EXPECT_LT(end[1], packets.size());
      if (end[1] < packets.size()) arrived[end[1]] = true;
    }
  }
  return arrived;
}

}  // namespace faultline::testing
