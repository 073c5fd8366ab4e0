#include "agent/system_resolvers.h"

#include <algorithm>

#include "absl/strings/str_split.h"
#include "common/file.h"
#include "common/prefix_set.h"

namespace faultline {
namespace {

constexpr std::uint16_t kDns = 53;
constexpr std::uint16_t kDnsOverTls = 853;
constexpr const char* kFiles[] = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"};

const PrefixSet& Loopback() {
  static const PrefixSet loopback = {*Prefix::Parse("127.0.0.0/8"), *Prefix::Parse("::1")};
  return loopback;
}

}  // namespace

std::vector<IpAddress> ParseResolvConf(absl::string_view text) {
  std::vector<IpAddress> servers;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.size() < 2 || words[0] != "nameserver") continue;
    // Without the interface of a link-local address, "fe80::1%eth0".
    const auto server = IpAddress::Parse(words[1].substr(0, words[1].find('%')));
    if (!server.ok() || Loopback().Contains(*server)) continue;
    if (servers.size() < kMostResolvers && std::ranges::find(servers, *server) == servers.end()) {
      servers.push_back(*server);
    }
  }
  return servers;
}

std::vector<IpAddress> SystemResolvers() {
  for (const char* file : kFiles) {
    std::vector<IpAddress> servers = ParseResolvConf(ReadFile(file).value_or(""));
    if (!servers.empty()) return servers;
  }
  return {};
}

std::vector<ProtectedEndpoint> DnsEndpoints(const std::vector<IpAddress>& servers) {
  std::vector<ProtectedEndpoint> endpoints;
  for (const IpAddress& server : servers) {
    endpoints.push_back({.address = server, .port = kDns, .protocol = Protocol::kUdp});
    endpoints.push_back({.address = server, .port = kDns});
    endpoints.push_back({.address = server, .port = kDnsOverTls});
  }
  return endpoints;
}

}  // namespace faultline
