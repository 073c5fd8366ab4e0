#include "agent/kernel/standing_faults.h"

#include <net/if.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "agent/kernel/egress_detour.h"
#include "agent/kernel/lane.h"
#include "agent/kernel/nft_query.h"
#include "agent/kernel/nl_conversation.h"
#include "agent/kernel/nl_socket.h"
#include "agent/kernel/rt_socket.h"
#include "common/program/nft_names.h"
#include "common/status.h"

namespace faultline {
namespace {

// Gathered over both tables: a step may have a gate in each.
struct Gathered {
  std::set<std::string> interfaces;
  std::map<StepIndex, std::optional<Duration>> steps;
};
using ByRun = std::map<RunId, Gathered>;

// When the last of a gate's elements ends; none when it has none.
absl::StatusOr<std::optional<Duration>> GateLeft(NlConversation& conversation, const TableId& table,
                                                 const std::string& gate) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<NftElement> elements, ReadElements(conversation, table, gate));
  std::optional<Duration> left;
  for (const NftElement& element : elements) {
    if (!element.left) return absl::DataLossError(absl::StrCat("the gate ", gate, " does not end by itself"));
    left = std::max(left, element.left);
  }
  return left;
}

absl::Status AddDevices(NlConversation& conversation, const TableId& table, const std::string& set,
                        std::set<std::string>& interfaces) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<NftElement> elements, ReadElements(conversation, table, set));
  // Padded with NUL to the longest name.
  for (const NftElement& element : elements) interfaces.emplace(element.key.c_str());
  return absl::OkStatus();
}

absl::Status AddTable(NlConversation& conversation, const TableId& table, ByRun& runs) {
  FAULTLINE_ASSIGN_OR_RETURN(const NftTableContent content, ReadTableContent(conversation, table));
  for (const auto& [chain, devices] : content.chains) {
    if (const auto run = RunOfObject(chain)) runs[*run].interfaces.insert(devices.begin(), devices.end());
  }
  for (const std::string& set : content.sets) {
    const auto run = RunOfObject(set);
    if (!run) continue;
    if (set == DeviceSetName(*run)) {
      FAULTLINE_RETURN_IF_ERROR(AddDevices(conversation, table, set, runs[*run].interfaces));
    } else if (const auto step = StepOfGate(set)) {
      FAULTLINE_ASSIGN_OR_RETURN(const auto left, GateLeft(conversation, table, set));
      std::optional<Duration>& longest = runs[*run].steps[*step];
      longest = std::max(longest, left);
    }
  }
  return absl::OkStatus();
}

std::string NameOfInterface(std::uint32_t number) {
  std::array<char, IF_NAMESIZE> name{};
  return if_indextoname(number, name.data()) == nullptr ? absl::StrCat("number ", number) : std::string(name.data());
}

}  // namespace

std::optional<Duration> StandingFaults::Run::left() const {
  std::optional<Duration> longest;
  for (const Step& step : steps) longest = std::max(longest, step.left);
  return longest;
}

absl::StatusOr<std::optional<std::uint32_t>> ReadOwnerPort() {
  FAULTLINE_ASSIGN_OR_RETURN(auto socket, NlSocket::Open(NlBus::kNetfilter));
  NlConversation conversation(std::move(socket));
  std::optional<std::uint32_t> port;
  for (const NftFamily family : kNftFamilies) {
    FAULTLINE_ASSIGN_OR_RETURN(const auto found, FindTable(conversation, {.family = family}));
    if (found && found->owner_port) port = found->owner_port;
  }
  return port;
}

absl::StatusOr<StandingFaults> ReadStandingFaults() {
  FAULTLINE_ASSIGN_OR_RETURN(auto socket, NlSocket::Open(NlBus::kNetfilter));
  FAULTLINE_ASSIGN_OR_RETURN(RtSocket route, RtSocket::Open());
  NlConversation conversation(std::move(socket));
  StandingFaults faults;
  ByRun runs;
  for (const NftFamily family : kNftFamilies) {
    const TableId table{.family = family};
    FAULTLINE_ASSIGN_OR_RETURN(const auto found, FindTable(conversation, table));
    if (!found) continue;
    faults.tables.push_back(absl::StrCat(NameOf(family), " ", kTableName));
    if (found->owner_port) faults.owner_port = found->owner_port;
    FAULTLINE_RETURN_IF_ERROR(AddTable(conversation, table, runs));
  }
  for (const auto& [id, gathered] : runs) {
    StandingFaults::Run& run = faults.runs.emplace_back();
    run.id = id;
    run.interfaces.assign(gathered.interfaces.begin(), gathered.interfaces.end());
    for (const auto& [index, left] : gathered.steps) run.steps.push_back({.index = index, .left = left});
  }
  FAULTLINE_ASSIGN_OR_RETURN(faults.devices, ListLaneDevices(route));
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<std::uint32_t> detoured, ListDetoured(route));
  for (const std::uint32_t number : detoured) faults.detoured.push_back(NameOfInterface(number));
  return faults;
}

}  // namespace faultline
