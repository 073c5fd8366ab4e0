#include "controller/cli/own_hosts.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "common/status.h"

namespace faultline {
namespace {

bool IsLinkLocal(const IpAddress& address) {
  static const Prefix ipv4 = *Prefix::Parse("169.254.0.0/16");
  static const Prefix ipv6 = *Prefix::Parse("fe80::/10");
  return ipv4.Contains(address) || ipv6.Contains(address);
}

std::vector<IpAddress> AddressesIn(const ifaddrs* interface) {
  std::vector<IpAddress> addresses;
  for (; interface != nullptr; interface = interface->ifa_next) {
    if (interface->ifa_addr == nullptr) continue;
    if (interface->ifa_addr->sa_family == AF_INET) {
      const in_addr& address = reinterpret_cast<const sockaddr_in*>(interface->ifa_addr)->sin_addr;
      addresses.emplace_back(std::span(reinterpret_cast<const std::uint8_t*>(&address), sizeof(address)));
    } else if (interface->ifa_addr->sa_family == AF_INET6) {
      const in6_addr& address = reinterpret_cast<const sockaddr_in6*>(interface->ifa_addr)->sin6_addr;
      addresses.emplace_back(std::span(address.s6_addr));
    }
  }
  return addresses;
}

}  // namespace

std::vector<std::string> HostsOf(const std::string& name, const std::vector<IpAddress>& addresses) {
  std::vector<std::string> hosts;
  const auto add = [&hosts](const std::string& host) {
    if (!host.empty() && std::ranges::find(hosts, host) == hosts.end()) hosts.push_back(host);
  };
  add(name);
  add("localhost");
  for (const IpAddress& address : addresses) {
    if (!IsLinkLocal(address)) add(address.ToString());
  }
  return hosts;
}

absl::StatusOr<std::vector<std::string>> OwnHosts() {
  char name[256] = {};
  if (gethostname(name, sizeof(name) - 1) != 0) return ErrnoError(errno, "this host's name");
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return ErrnoError(errno, "this host's addresses");
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  return HostsOf(name, AddressesIn(list));
}

}  // namespace faultline
