#include "controller/guard/name_lookup.h"

#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/status.h"

namespace faultline {
namespace {

// Resolvers that hang at one time; each is a thread.
constexpr int kMostWaiting = 64;

using Answer = absl::StatusOr<std::vector<IpAddress>>;

absl::StatusOr<IpAddress> AddressOf(const addrinfo& entry) {
  if (entry.ai_family == AF_INET) {
    const auto* address = reinterpret_cast<const sockaddr_in*>(entry.ai_addr);
    return IpAddress::FromBytes({reinterpret_cast<const char*>(&address->sin_addr), sizeof address->sin_addr});
  }
  const auto* address = reinterpret_cast<const sockaddr_in6*>(entry.ai_addr);
  return IpAddress::FromBytes({reinterpret_cast<const char*>(&address->sin6_addr), sizeof address->sin6_addr});
}

Answer Ask(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(name.c_str(), nullptr, &hints, &list); error != 0) {
    return absl::NotFoundError(absl::StrCat("cannot look up '", name, "': ", gai_strerror(error)));
  }
  std::vector<IpAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    const absl::StatusOr<IpAddress> address = AddressOf(*entry);
    if (address.ok()) addresses.push_back(*address);
  }
  freeaddrinfo(list);
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  if (addresses.empty()) return absl::NotFoundError(absl::StrCat("cannot look up '", name, "': it has no address"));
  return addresses;
}

}  // namespace

Answer LookUpName(const std::string& name, Duration timeout) {
  static std::atomic<int> waiting = 0;
  if (++waiting > kMostWaiting) {
    --waiting;
    return absl::ResourceExhaustedError(absl::StrCat("cannot look up '", name, "': the resolver hangs"));
  }
  auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = promise->get_future();
  // getaddrinfo cannot be given up, so its thread is.
  std::thread([promise, name] {
    promise->set_value(Ask(name));
    --waiting;
  }).detach();
  if (answer.wait_for(timeout) == std::future_status::ready) return answer.get();
  return absl::DeadlineExceededError(
      absl::StrCat("cannot look up '", name, "': no answer within ", FormatDuration(timeout)));
}

absl::StatusOr<LookedUp> LookUpNames(const std::vector<std::string>& names, Duration timeout, const StopSignal& stop) {
  LookedUp found;
  for (const std::string& name : names) {
    if (stop.raised()) return absl::CancelledError("the controller is stopping");
    FAULTLINE_ASSIGN_OR_RETURN(std::vector<IpAddress> addresses, LookUpName(name, timeout));
    found.emplace_back(name, std::move(addresses));
  }
  return found;
}

}  // namespace faultline
