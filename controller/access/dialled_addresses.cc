#include "controller/access/dialled_addresses.h"

#include <algorithm>

namespace faultline {
namespace {

bool IsWildcard(const IpAddress& address) {
  return std::ranges::all_of(address.bytes(), [](std::uint8_t byte) { return byte == 0; });
}

bool IsLoopback(const IpAddress& address) {
  static const Prefix ipv4 = *Prefix::Parse("127.0.0.0/8");
  static const Prefix ipv6 = *Prefix::Parse("::1/128");
  return ipv4.Contains(address) || ipv6.Contains(address);
}

}  // namespace

std::vector<IpAddress> DialledAddresses(const std::string& listen, const std::vector<std::string>& certified) {
  std::string host = listen.substr(0, listen.rfind(':'));
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  const absl::StatusOr<IpAddress> only = IpAddress::Parse(host);
  if (only.ok() && !IsWildcard(*only)) return {*only};
  std::vector<IpAddress> addresses;
  for (const std::string& name : certified) {
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(name);
    if (address.ok() && !IsLoopback(*address)) addresses.push_back(*address);
  }
  return addresses;
}

}  // namespace faultline
