#include "controller/run/run_request.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

constexpr std::size_t kLongestRequestId = 128;

struct CommandPlace {
  SourcePosition position;
  // "guard 'quorum'".
  std::string what;
};

std::optional<CommandPlace> FirstCommand(const Plan& plan) {
  for (const Guard& guard : plan.guards) {
    if (!std::holds_alternative<Command>(guard.check)) continue;
    return CommandPlace{guard.position, absl::StrCat("guard '", guard.name, "'")};
  }
  if (plan.observations.empty()) return std::nullopt;
  const Observation& first = plan.observations.front();
  return CommandPlace{first.position, absl::StrCat("observation '", first.name, "'")};
}

std::string WordsOf(const CommandPlace& place, const std::string& file_name, absl::string_view why) {
  const TextError error = {.position = place.position, .message = absl::StrCat(place.what, " runs a command, ", why)};
  return error.ToString(file_name);
}

}  // namespace

absl::Status CheckRequestId(const std::string& request_id) {
  const bool printable = std::ranges::all_of(request_id, absl::ascii_isgraph);
  if (request_id.size() <= kLongestRequestId && printable) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a request id has at most ", kLongestRequestId, " printable characters of ASCII, without blanks"));
}

absl::Status CheckNoCommands(const Plan& plan, const std::string& file_name) {
  const auto place = FirstCommand(plan);
  if (!place) return absl::OkStatus();
  return absl::FailedPreconditionError(
      WordsOf(*place, file_name, "which this controller does not allow; set 'commands: allow' in its configuration"));
}

absl::Status CheckCommandsFrom(absl::string_view peer, const Plan& plan, const std::string& file_name) {
  if (absl::StartsWith(peer, "unix:")) return absl::OkStatus();
  const auto place = FirstCommand(plan);
  if (!place) return absl::OkStatus();
  return absl::PermissionDeniedError(
      WordsOf(*place, file_name, "which is only taken by the controller's Unix socket, on its own host"));
}

std::vector<std::string> NamesOf(const Plan& plan) {
  std::set<std::string> names;
  for (const auto& [name, group] : plan.groups) {
    for (const DnsName& dns : group.dns) names.insert(dns.name);
  }
  return {names.begin(), names.end()};
}

void AddAddresses(const LookedUp& names, Plan& plan) {
  const std::map<std::string, std::vector<IpAddress>> addresses(names.begin(), names.end());
  for (auto& [name, group] : plan.groups) {
    std::vector<Prefix> found;
    for (const DnsName& dns : group.dns) {
      const auto entry = addresses.find(dns.name);
      if (entry == addresses.end()) continue;
      for (const IpAddress& address : entry->second) found.emplace_back(address);
    }
    if (!found.empty()) group.cidrs = group.cidrs.Union(PrefixSet(std::move(found)));
  }
}

}  // namespace faultline
