// Names are looked up here, by c-ares, for those in whose libraries it says getaddrinfo: gRPC, when it listens, and
// libevent. The C library's would load the host's modules (NSS) into a program that they are not made for.

#include <netdb.h>
#include <netinet/in.h>

#include <chrono>
#include <cstring>
#include <new>
#include <vector>

#include "absl/strings/numbers.h"
#include "common/host_resolver.h"

namespace faultline {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

// What the caller gets, in one piece. It begins with what freeaddrinfo is given.
struct Entry {
  addrinfo info;
  sockaddr_storage address;
};

Entry* MakeEntry(const IpAddress& address, std::uint16_t port, const addrinfo& hints) {
  auto* const entry = new (std::nothrow) Entry{};
  if (entry == nullptr) return nullptr;
  const std::string bytes = address.ToBytes();
  if (address.family() == Family::kIpv4) {
    auto* const in = reinterpret_cast<sockaddr_in*>(&entry->address);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    std::memcpy(&in->sin_addr, bytes.data(), sizeof in->sin_addr);
    entry->info.ai_addrlen = sizeof *in;
  } else {
    auto* const in6 = reinterpret_cast<sockaddr_in6*>(&entry->address);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    std::memcpy(&in6->sin6_addr, bytes.data(), sizeof in6->sin6_addr);
    entry->info.ai_addrlen = sizeof *in6;
  }
  entry->info.ai_family = entry->address.ss_family;
  entry->info.ai_socktype = hints.ai_socktype == 0 ? SOCK_STREAM : hints.ai_socktype;
  entry->info.ai_protocol = hints.ai_protocol;
  entry->info.ai_addr = reinterpret_cast<sockaddr*>(&entry->address);
  return entry;
}

std::vector<IpAddress> AddressesOf(const char* name, const addrinfo& hints) {
  if (name != nullptr && (hints.ai_flags & AI_NUMERICHOST) == 0) {
    return ResolveHost(name, kPatience).value_or(std::vector<IpAddress>());
  }
  const bool all = (hints.ai_flags & AI_PASSIVE) != 0;
  std::vector<IpAddress> addresses;
  for (const char* const text : {name == nullptr ? (all ? "::" : "::1") : name, all ? "0.0.0.0" : "127.0.0.1"}) {
    if (const absl::StatusOr<IpAddress> address = IpAddress::Parse(text); address.ok()) addresses.push_back(*address);
    if (name != nullptr) break;
  }
  return addresses;
}

bool Wanted(const IpAddress& address, int family) {
  if (family == AF_UNSPEC) return true;
  return family == (address.family() == Family::kIpv4 ? AF_INET : AF_INET6);
}

}  // namespace
}  // namespace faultline

extern "C" {

void freeaddrinfo(addrinfo* list) noexcept {
  while (list != nullptr) {
    addrinfo* const next = list->ai_next;
    delete reinterpret_cast<faultline::Entry*>(list);
    list = next;
  }
}

// Services are given by number.
int getaddrinfo(const char* name, const char* service, const addrinfo* wish, addrinfo** result) {
  const addrinfo hints = wish == nullptr ? addrinfo{} : *wish;
  unsigned port = 0;
  if (service != nullptr && (!absl::SimpleAtoi(service, &port) || port > 65535)) return EAI_SERVICE;
  addrinfo* list = nullptr;
  addrinfo** end = &list;
  for (const faultline::IpAddress& address : faultline::AddressesOf(name, hints)) {
    if (!faultline::Wanted(address, hints.ai_family)) continue;
    faultline::Entry* const entry = faultline::MakeEntry(address, static_cast<std::uint16_t>(port), hints);
    if (entry == nullptr) {
      freeaddrinfo(list);
      return EAI_MEMORY;
    }
    *end = &entry->info;
    end = &entry->info.ai_next;
  }
  if (list == nullptr) return EAI_NONAME;
  *result = list;
  return 0;
}

}  // extern "C"
