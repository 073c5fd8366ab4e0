#include "agent/kernel/network_survey.h"

#include <linux/if_link.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "agent/kernel/egress_detour.h"
#include "agent/kernel/link_table.h"
#include "agent/kernel/nft_family.h"
#include "agent/kernel/nl_attributes.h"
#include "agent/kernel/nl_conversation.h"
#include "agent/kernel/nl_dump.h"
#include "agent/kernel/nl_socket.h"
#include "agent/kernel/rt_socket.h"
#include "common/program/nft_names.h"
#include "common/status.h"

namespace faultline {
namespace {

using Bytes = std::span<const std::uint8_t>;
using Device = NetworkSurvey::Device;
using Chain = NetworkSurvey::Chain;

constexpr std::size_t kMost = 100'000;

// What is behind a message's own header, and that; none of what is too short to be one.
template <typename Header>
std::optional<std::pair<Header, NlAttributes>> Parse(Bytes message) {
  constexpr std::size_t kHeaders = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(Header));
  if (message.size() < kHeaders) return std::nullopt;
  Header header{};
  std::memcpy(&header, message.data() + NLMSG_HDRLEN, sizeof(header));
  return std::pair(header, NlAttributes(message.subspan(kHeaders)));
}

std::string TextOr(const NlAttributes& attributes, std::uint16_t type) {
  return std::string(attributes.Text(type).value_or(""));
}

std::string HookName(std::uint8_t family, std::uint32_t number) {
  if (family == NFPROTO_NETDEV) return number == NF_NETDEV_INGRESS ? "ingress" : "egress";
  switch (number) {
    case NF_INET_PRE_ROUTING:
      return "prerouting";
    case NF_INET_LOCAL_IN:
      return "input";
    case NF_INET_FORWARD:
      return "forward";
    case NF_INET_LOCAL_OUT:
      return "output";
    case NF_INET_POST_ROUTING:
      return "postrouting";
    case NF_INET_INGRESS:
      return "ingress";
    default:
      return "other";
  }
}

Device ReadDevice(const ifinfomsg& header, const NlAttributes& attributes) {
  Device device{.index = header.ifi_index, .name = TextOr(attributes, IFLA_IFNAME)};
  const std::string kind = TextOr(attributes.Nest(IFLA_LINKINFO), IFLA_INFO_KIND);
  device.ours = IsOurs({.name = device.name, .kind = kind, .alias = attributes.Text(IFLA_IFALIAS), .up = true});
  const std::vector<Bytes> attached = attributes.Nest(IFLA_XDP).All(IFLA_XDP_ATTACHED);
  device.xdp = !attached.empty() && !attached.front().empty() && attached.front().front() != XDP_ATTACHED_NONE;
  return device;
}

Chain ReadChain(const nfgenmsg& header, const NlAttributes& attributes) {
  Chain chain{.family = NftFamilyName(header.nfgen_family),
              .table = TextOr(attributes, NFTA_CHAIN_TABLE),
              .name = TextOr(attributes, NFTA_CHAIN_NAME)};
  chain.ours = chain.table == kTableName && (chain.family == "netdev" || chain.family == "inet");
  const NlAttributes hook = attributes.Nest(NFTA_CHAIN_HOOK);
  const auto number = hook.U32(NFTA_HOOK_HOOKNUM);
  if (!number) return chain;
  chain.hook = HookName(header.nfgen_family, *number);
  chain.priority = static_cast<std::int32_t>(hook.U32(NFTA_HOOK_PRIORITY).value_or(0));
  if (const auto device = hook.Text(NFTA_HOOK_DEV)) chain.devices.emplace_back(*device);
  for (const Bytes& name : hook.Nest(NFTA_HOOK_DEVS).All(NFTA_DEVICE_NAME)) {
    const std::string text(name.begin(), std::ranges::find(name, 0));
    if (std::ranges::find(chain.devices, text) == chain.devices.end()) chain.devices.push_back(text);
  }
  return chain;
}

// Makes all requests of one kind anew while changes disturb them.
template <typename Read>
absl::Status Insist(const Read& read) {
  absl::Status status;
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    status = read();
    if (!absl::IsAborted(status)) return status;
  }
  return status;
}

absl::Status Dump(NlConversation& conversation, NlDump request, const NlConversation::Visitor& visit) {
  const std::uint32_t sequence = conversation.next_sequence();
  return conversation.Query(request.Numbered(sequence), sequence, "look at the network", visit);
}

absl::Status CheckCount(std::size_t count) {
  return count < kMost ? absl::OkStatus() : absl::ResourceExhaustedError("there is too much in this network namespace");
}

absl::Status ReadChains(NlConversation& conversation, std::vector<Chain>& chains) {
  chains.clear();
  return Dump(conversation, NlDump::Nft(NFT_MSG_GETCHAIN), [&chains](Bytes message) {
    if (const auto parsed = Parse<nfgenmsg>(message)) chains.push_back(ReadChain(parsed->first, parsed->second));
    return CheckCount(chains.size());
  });
}

absl::Status ReadQdiscs(NlConversation& conversation, std::map<int, Device>& devices) {
  return Dump(conversation, NlDump::Traffic(RTM_GETQDISC), [&devices](Bytes message) {
    const auto parsed = Parse<tcmsg>(message);
    const auto found = parsed ? devices.find(parsed->first.tcm_ifindex) : devices.end();
    if (found == devices.end()) return absl::OkStatus();
    const std::string kind = TextOr(parsed->second, TCA_KIND);
    if (parsed->first.tcm_parent == TC_H_ROOT) found->second.root_qdisc = kind;
    std::vector<std::string>& kinds = found->second.qdiscs;
    if (std::ranges::find(kinds, kind) == kinds.end()) kinds.push_back(kind);
    return absl::OkStatus();
  });
}

bool HasQdisc(const Device& device, const char* kind) {
  return std::ranges::find(device.qdiscs, kind) != device.qdiscs.end();
}

absl::Status ReadFilters(NlConversation& conversation, Device& device) {
  for (const char* kind : {"ingress", "clsact"}) {
    if (!HasQdisc(device, kind)) continue;
    // Both are at the same handle, and ingress takes any of its classes for the one that it has.
    const auto request = NlDump::Traffic(RTM_GETTFILTER, static_cast<std::uint32_t>(device.index),
                                         TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS));
    FAULTLINE_RETURN_IF_ERROR(Dump(conversation, request, [&device](Bytes message) {
      device.filtered |= Parse<tcmsg>(message).has_value();
      return absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

absl::Status ReadDetour(NlConversation& conversation, Device& device) {
  device.detour_taken = HasQdisc(device, "ingress");
  if (!HasQdisc(device, "clsact")) return absl::OkStatus();
  const auto request = NlDump::Traffic(RTM_GETTFILTER, static_cast<std::uint32_t>(device.index),
                                       TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS));
  return Dump(conversation, request, [&device](Bytes message) {
    const auto parsed = Parse<tcmsg>(message);
    if (!parsed) return absl::OkStatus();
    const auto& [header, attributes] = *parsed;
    const std::string kind = TextOr(attributes, TCA_KIND);
    const auto preference = static_cast<std::uint16_t>(TC_H_MAJ(header.tcm_info) >> 16);
    const bool ours =
        IsDetour(kind, preference, header.tcm_handle) || IsDetourHead(kind, preference, header.tcm_handle);
    device.detour_taken |= preference == kDetourPreference && !ours;
    return absl::OkStatus();
  });
}

absl::Status ReadDevices(NlConversation& conversation, std::vector<Device>& devices) {
  std::map<int, Device> found;
  FAULTLINE_RETURN_IF_ERROR(Dump(conversation, NlDump::Devices(), [&found](Bytes message) {
    if (const auto parsed = Parse<ifinfomsg>(message)) {
      found[parsed->first.ifi_index] = ReadDevice(parsed->first, parsed->second);
    }
    return CheckCount(found.size());
  }));
  FAULTLINE_RETURN_IF_ERROR(ReadQdiscs(conversation, found));
  devices.clear();
  for (auto& [index, device] : found) {
    FAULTLINE_RETURN_IF_ERROR(ReadFilters(conversation, device));
    FAULTLINE_RETURN_IF_ERROR(ReadDetour(conversation, device));
    devices.push_back(std::move(device));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<NetworkSurvey> SurveyNetwork() {
  FAULTLINE_ASSIGN_OR_RETURN(auto netfilter_socket, NlSocket::Open(NlBus::kNetfilter));
  FAULTLINE_ASSIGN_OR_RETURN(auto routing_socket, NlSocket::Open(NlBus::kRouting));
  FAULTLINE_ASSIGN_OR_RETURN(RtSocket route, RtSocket::Open());
  NlConversation netfilter(std::move(netfilter_socket));
  NlConversation routing(std::move(routing_socket));
  NetworkSurvey survey;
  FAULTLINE_RETURN_IF_ERROR(Insist([&] { return ReadDevices(routing, survey.devices); }));
  FAULTLINE_ASSIGN_OR_RETURN(survey.usable, ListInterfaces(route));
  FAULTLINE_RETURN_IF_ERROR(Insist([&] { return ReadChains(netfilter, survey.chains); }));
  return survey;
}

}  // namespace faultline
