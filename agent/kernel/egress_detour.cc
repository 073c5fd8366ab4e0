#include "agent/kernel/egress_detour.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "agent/kernel/tc_filter.h"
#include "agent/kernel/tc_message.h"
#include "agent/kernel/tc_qdisc.h"
#include "common/program/lane_priority.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr char kKind[] = "basic";
constexpr std::uint32_t kEgress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS);
constexpr std::uint32_t kIngress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);

bool IsDetour(const TcFilter& filter) { return faultline::IsDetour(filter.kind, filter.preference, filter.handle); }

std::uint32_t NumberOf(const TcFilter& detour) { return detour.handle & 0xffff; }

// What is at the egress of a device's clsact.
struct Egress {
  std::vector<TcFilter> detours;
  // Filters of other programs.
  std::vector<TcFilter> others;

  bool Made() const {
    return std::any_of(detours.begin(), detours.end(), [](const auto& one) { return IsOfOurClsact(one.handle); });
  }
  bool Preceded() const {
    return std::any_of(others.begin(), others.end(),
                       [](const auto& one) { return one.preference == kDetourPreference; });
  }
};

absl::StatusOr<Egress> ReadEgress(RtSocket& socket, std::uint32_t device) {
  Egress egress;
  FAULTLINE_ASSIGN_OR_RETURN(const auto filters, ListFilters(socket, device, kEgress));
  for (const TcFilter& filter : filters) {
    if (IsDetour(filter)) {
      egress.detours.push_back(filter);
    } else if (!IsDetourHead(filter.kind, filter.preference, filter.handle)) {
      egress.others.push_back(filter);
    }
  }
  return egress;
}

// Whether nobody else uses the clsact.
absl::StatusOr<bool> OnlyOurs(RtSocket& socket, std::uint32_t device, const Egress& egress) {
  if (!egress.others.empty()) return false;
  FAULTLINE_ASSIGN_OR_RETURN(const auto ingress, ListFilters(socket, device, kIngress));
  return ingress.empty();
}

// What sits where clsact would: "clsact" or "ingress"; empty: nothing.
absl::StatusOr<std::string> AtClsact(RtSocket& socket, std::uint32_t device) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto qdiscs, ListQdiscs(socket, device));
  for (const Qdisc& qdisc : qdiscs) {
    if (qdisc.parent == TC_H_CLSACT) return qdisc.kind;
  }
  return std::string();
}

TcMessage ClsactMessage(int type, int flags, std::uint32_t device) {
  const QdiscPlace place{.device = device, .handle = TC_H_MAKE(TC_H_CLSACT, 0U), .parent = TC_H_CLSACT};
  return {type, flags, place, "clsact"};
}

TcMessage FilterMessage(int type, int flags, std::uint32_t device, std::uint32_t handle) {
  const std::uint32_t info = TC_H_MAKE(std::uint32_t{kDetourPreference} << 16, htons(ETH_P_ALL));
  return {type, flags, {.device = device, .handle = handle, .parent = kEgress, .info = info}, kKind};
}

TcMessage DetourMessage(std::uint32_t device, std::uint32_t handles, const Lane& lane) {
  TcMessage message = FilterMessage(RTM_NEWTFILTER, NLM_F_CREATE, device, handles | lane.number());
  PutPriorityDetour(message.get(), LanePriority(lane.number()), lane.index);
  return message;
}

absl::Status Delete(RtSocket& socket, const TcMessage& message, std::uint32_t device) {
  const absl::Status status = Send(socket, message, absl::StrCat("delete clsact's filters of device ", device));
  // With its qdisc, or its device.
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

// Those whose numbers `chosen` takes.
template <typename Chosen>
absl::Status DeleteIf(RtSocket& socket, std::uint32_t device, const Chosen& chosen) {
  FAULTLINE_ASSIGN_OR_RETURN(const Egress egress, ReadEgress(socket, device));
  const bool all = std::all_of(egress.detours.begin(), egress.detours.end(), chosen);
  if (all && egress.Made()) {
    FAULTLINE_ASSIGN_OR_RETURN(const bool only_ours, OnlyOurs(socket, device, egress));
    if (only_ours) return Delete(socket, ClsactMessage(RTM_DELQDISC, 0, device), device);
  }
  for (const TcFilter& detour : egress.detours) {
    if (!chosen(detour)) continue;
    FAULTLINE_RETURN_IF_ERROR(Delete(socket, FilterMessage(RTM_DELTFILTER, 0, device, detour.handle), device));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsDetour(absl::string_view kind, std::uint16_t preference, std::uint32_t handle) {
  const std::uint32_t half = handle & 0xffff0000;
  return kind == kKind && preference == kDetourPreference && (half == kDetourMade || half == kDetourGuest);
}

bool IsDetourHead(absl::string_view kind, std::uint16_t preference, std::uint32_t handle) {
  return handle == 0 && kind == kKind && preference == kDetourPreference;
}

absl::Status AddDetours(RtSocket& socket, std::uint32_t device, const std::string& name, std::span<const Lane> lanes) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string there, AtClsact(socket, device));
  if (there == "ingress") {
    return absl::FailedPreconditionError(
        absl::StrCat(name,
                     " has a qdisc ingress of another program, in whose place clsact would be: faults at the "
                     "sender cannot be made here; have it use clsact, or use Linux 5.16 or later"));
  }
  Egress egress;
  if (!there.empty()) {
    FAULTLINE_ASSIGN_OR_RETURN(egress, ReadEgress(socket, device));
  }
  if (egress.Preceded()) {
    return absl::FailedPreconditionError(
        absl::StrCat("another program has a filter of preference 1 at the clsact of ", name,
                     ", before which ours would have to be: faults at the sender cannot be made here"));
  }
  bool make = there.empty();
  const std::uint32_t handles = make || egress.Made() ? kDetourMade : kDetourGuest;
  for (const Lane& lane : lanes) {
    const TcMessage detour = DetourMessage(device, handles, lane);
    const std::string operation = absl::StrCat("send packets of ", name, " through ", lane.name, " by clsact");
    if (make) {
      // Both at once: the filter says whose the clsact is.
      const TcMessage clsact = ClsactMessage(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, device);
      const absl::Status status = SendBoth(socket, clsact, detour, operation);
      if (!status.ok()) {
        // One that is left without filters would be anybody's.
        if (!absl::IsAlreadyExists(status))
          Delete(socket, ClsactMessage(RTM_DELQDISC, 0, device), device).IgnoreError();
        return status;
      }
      make = false;
    } else {
      FAULTLINE_RETURN_IF_ERROR(Send(socket, detour, operation));
    }
  }
  return absl::OkStatus();
}

absl::Status DeleteDetours(RtSocket& socket, std::uint32_t device, std::span<const Lane> lanes) {
  return DeleteIf(socket, device, [lanes](const TcFilter& detour) {
    return std::any_of(lanes.begin(), lanes.end(), [&](const Lane& lane) { return lane.number() == NumberOf(detour); });
  });
}

absl::Status DeleteAllDetours(RtSocket& socket) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<std::uint32_t> devices, ListDetoured(socket));
  absl::Status status;
  for (const std::uint32_t device : devices) {
    status.Update(DeleteIf(socket, device, [](const TcFilter&) { return true; }));
  }
  return status;
}

absl::StatusOr<std::vector<std::uint32_t>> ListDetoured(RtSocket& socket) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto qdiscs, ListAllQdiscs(socket));
  std::vector<std::uint32_t> devices;
  for (const Qdisc& qdisc : qdiscs) {
    if (qdisc.kind != "clsact") continue;
    FAULTLINE_ASSIGN_OR_RETURN(const Egress egress, ReadEgress(socket, qdisc.device));
    if (!egress.detours.empty()) devices.push_back(qdisc.device);
  }
  return devices;
}

}  // namespace faultline
