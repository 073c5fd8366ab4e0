#include "agent/session/peer.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace faultline {

std::optional<ProtectedEndpoint> EndpointOfPeer(absl::string_view peer) {
  if (!absl::ConsumePrefix(&peer, "ipv4:") && !absl::ConsumePrefix(&peer, "ipv6:")) return std::nullopt;
  const std::string plain = absl::StrReplaceAll(peer, {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
  const std::size_t colon = plain.rfind(':');
  std::uint32_t port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(plain.substr(colon + 1), &port) || port > 65535) {
    return std::nullopt;
  }
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(plain.substr(0, colon));
  if (!address.ok()) return std::nullopt;
  return ProtectedEndpoint{.address = *address, .port = static_cast<std::uint16_t>(port)};
}

}  // namespace faultline
