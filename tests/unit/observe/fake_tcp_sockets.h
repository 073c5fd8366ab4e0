#pragma once

#include <sys/eventfd.h>

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/observe/tcp_sockets.h"

namespace faultline {

// Attempts that end as their test says. Each is an eventfd, so that its closing can be seen.
class FakeTcpSockets : public TcpSockets {
 public:
  std::variant<UniqueFd, TcpOutcome> Begin(const IpAddress& from, const IpAddress& to, std::uint16_t port) override {
    begun.push_back(absl::StrCat(from.ToString(), " ", to.ToString(), " ", port));
    if (at_once) return *at_once;
    UniqueFd fd(eventfd(0, EFD_CLOEXEC));
    open.push_back(fd.get());
    return fd;
  }
  std::optional<TcpOutcome> Ended(const UniqueFd& attempt) override {
    const auto found = outcomes.find(attempt.get());
    return found == outcomes.end() ? std::nullopt : std::optional(found->second);
  }

  // How the next ones end before they are under way.
  std::optional<TcpOutcome> at_once;
  // Of those under way, by descriptor.
  std::map<int, TcpOutcome> outcomes;
  // "from to port" of every one, in order, and the descriptors of those that were under way.
  std::vector<std::string> begun;
  std::vector<int> open;
};

}  // namespace faultline
