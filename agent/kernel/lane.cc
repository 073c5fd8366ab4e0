#include "agent/kernel/lane.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>

#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "agent/kernel/link_table.h"
#include "agent/kernel/tc_tree.h"
#include "common/status.h"

namespace faultline {
namespace {

// More than anyone needs; ends the search for a free name.
constexpr int kMostLanes = 256;

// One less than IPv6 needs, so that it gives the devices no address, no routes and no packets of its own
// (measured on 6.18; with addrgenmode none there still is a route for multicast). What is forwarded to
// a device is not measured against it.
static_assert(kLaneMtu == 1280 - 1);

struct LinkPutter {
  void operator()(rtnl_link* link) const { rtnl_link_put(link); }
};
using Link = std::unique_ptr<rtnl_link, LinkPutter>;

struct MessageFreer {
  void operator()(nl_msg* message) const { nlmsg_free(message); }
};

// A message about a link, by hand: libnl-route 3.7 cannot set how many segments an aggregate may have.
class LinkMessage {
 public:
  LinkMessage(int flags, ifinfomsg header) : message_(nlmsg_alloc_simple(RTM_NEWLINK, flags)) {
    nlmsg_append(get(), &header, sizeof(header), NLMSG_ALIGNTO);
  }

  nl_msg* get() const { return message_.get(); }
  // 0, or libnl's error.
  int Send(RtSocket& socket) const {
    const int error = nl_send_auto(socket.get(), get());
    return error < 0 ? error : nl_wait_for_ack(socket.get());
  }

 private:
  std::unique_ptr<nl_msg, MessageFreer> message_;
};

// 0, or libnl's error.
int AddIfb(RtSocket& socket, const std::string& name) {
  const Link link(rtnl_link_alloc());
  rtnl_link_set_name(link.get(), name.c_str());
  rtnl_link_set_type(link.get(), "ifb");
  rtnl_link_set_mtu(link.get(), kLaneMtu);
  return rtnl_link_add(socket.get(), link.get(), NLM_F_CREATE | NLM_F_EXCL);
}

absl::StatusOr<std::string> AddFirstFreeIfb(RtSocket& socket) {
  for (int number = 0; number < kMostLanes; ++number) {
    const std::string name = absl::StrCat("fl", number);
    const int error = AddIfb(socket, name);
    if (error >= 0) return name;
    if (error != -NLE_EXIST) return NlError(error, absl::StrCat("add ifb device ", name));
  }
  return absl::ResourceExhaustedError(absl::StrCat("add ifb device: fl0 to fl", kMostLanes - 1, " all exist"));
}

absl::StatusOr<Link> FindLink(RtSocket& socket, int index, const char* name) {
  rtnl_link* link = nullptr;
  const int error = rtnl_link_get_kernel(socket.get(), index, name, &link);
  if (error < 0) return NlError(error, absl::StrCat("look for device ", name == nullptr ? "" : name));
  return Link(link);
}

// The kernel takes no alias for a device that it is only making (rtnl_create_link), so it comes
// second: a process that dies in between leaves a device that is down and does nothing, and that IsOurs knows even so.
absl::Status Mark(RtSocket& socket, const Link& link, const std::string& name) {
  const Link change(rtnl_link_alloc());
  rtnl_link_set_ifalias(change.get(), kLaneAlias);
  const int error = rtnl_link_change(socket.get(), link.get(), change.get(), 0);
  return error < 0 ? NlError(error, absl::StrCat("set alias of ", name)) : absl::OkStatus();
}

absl::Status BringUp(RtSocket& socket, const Link& link, const std::string& name) {
  const Link change(rtnl_link_alloc());
  rtnl_link_set_flags(change.get(), IFF_UP);
  const int error = rtnl_link_change(socket.get(), link.get(), change.get(), 0);
  return error < 0 ? NlError(error, absl::StrCat("bring up ", name)) : absl::OkStatus();
}

// A macvlan hands packets on to its lower device's queue. Passthru, and without promiscuity: it has the ifb's address
// and changes nothing about the ifb.
int AddMacvlan(RtSocket& socket, const Lane& lane, const std::string& name) {
  const LinkMessage message(NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  nla_put_string(message.get(), IFLA_IFNAME, name.c_str());
  nla_put_u32(message.get(), IFLA_LINK, lane.device);
  nla_put_u32(message.get(), IFLA_MTU, kLaneMtu);
  nlattr* info = nla_nest_start(message.get(), IFLA_LINKINFO);
  nla_put_string(message.get(), IFLA_INFO_KIND, "macvlan");
  nlattr* data = nla_nest_start(message.get(), IFLA_INFO_DATA);
  nla_put_u32(message.get(), IFLA_MACVLAN_MODE, MACVLAN_MODE_PASSTHRU);
  nla_put_u16(message.get(), IFLA_MACVLAN_FLAGS, MACVLAN_FLAG_NOPROMISC);
  nla_nest_end(message.get(), data);
  nla_nest_end(message.get(), info);
  return message.Send(socket);
}

// Its aggregates are of one packet at most, so the kernel splits all others before it hands them on (net/core/dev.c,
// gso_features_check). Of a device in the making, 5.10 forgets the number.
absl::Status BringUpSplitting(RtSocket& socket, int index, const std::string& name) {
  ifinfomsg header{};
  header.ifi_index = index;
  header.ifi_flags = IFF_UP;
  header.ifi_change = IFF_UP;
  const LinkMessage message(0, header);
  nla_put_u32(message.get(), IFLA_GSO_MAX_SEGS, 1);
  const int error = message.Send(socket);
  return error < 0 ? NlError(error, absl::StrCat("bring up ", name)) : absl::OkStatus();
}

// Before the ifb's queue: there it would be too late. tbf alone cannot do it where packets differ in size: what splits
// an aggregate of two usual packets would drop a jumbo frame. Goes with the ifb. Without the kind macvlan in the kernel
// the lane stays as it is.
absl::Status AddSplitter(RtSocket& socket, Lane& lane) {
  const std::string name = lane.name + "s";
  const int error = AddMacvlan(socket, lane, name);
  if (error == -NLE_OPNOTSUPP) return absl::OkStatus();
  if (error < 0) return NlError(error, absl::StrCat("add macvlan device ", name));
  FAULTLINE_ASSIGN_OR_RETURN(const Link link, FindLink(socket, 0, name.c_str()));
  FAULTLINE_RETURN_IF_ERROR(Mark(socket, link, name));
  FAULTLINE_RETURN_IF_ERROR(BringUpSplitting(socket, rtnl_link_get_ifindex(link.get()), name));
  lane.index = static_cast<std::uint32_t>(rtnl_link_get_ifindex(link.get()));
  return absl::OkStatus();
}

absl::Status DeleteLink(RtSocket& socket, int index, const std::string& name) {
  const Link link(rtnl_link_alloc());
  rtnl_link_set_ifindex(link.get(), index);
  const int error = rtnl_link_delete(socket.get(), link.get());
  if (error >= 0 || error == -NLE_NODEV || error == -NLE_OBJ_NOTFOUND) return absl::OkStatus();
  return NlError(error, absl::StrCat("delete device ", name));
}

// A new ifb that is down, with our mark.
absl::StatusOr<Lane> AddMarkedIfb(RtSocket& socket) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string name, AddFirstFreeIfb(socket));
  FAULTLINE_ASSIGN_OR_RETURN(const Link link, FindLink(socket, 0, name.c_str()));
  const int index = rtnl_link_get_ifindex(link.get());
  if (const absl::Status status = Mark(socket, link, name); !status.ok()) {
    // Best effort: the first error says more.
    DeleteLink(socket, index, name).IgnoreError();
    return status;
  }
  return Lane{.name = name, .index = static_cast<std::uint32_t>(index), .device = static_cast<std::uint32_t>(index)};
}

absl::Status BringUp(RtSocket& socket, const Lane& lane) {
  FAULTLINE_ASSIGN_OR_RETURN(const Link link, FindLink(socket, static_cast<int>(lane.device), nullptr));
  return BringUp(socket, link, lane.name);
}

absl::Status PrepareBlackhole(RtSocket& socket, const Lane& lane) {
  FAULTLINE_RETURN_IF_ERROR(MakeBlackhole(socket, lane));
  return BringUp(socket, lane);
}

absl::Status Prepare(RtSocket& socket, Lane& lane, const LaneSpec& spec) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::uint32_t frame, LargestFrame(socket));
  FAULTLINE_RETURN_IF_ERROR(MakeTree(socket, lane, spec, frame));
  FAULTLINE_RETURN_IF_ERROR(BringUp(socket, lane));
  return AddSplitter(socket, lane);
}

// The lane, or, when it could not be prepared, nothing.
absl::StatusOr<Lane> Finish(RtSocket& socket, const Lane& lane, const absl::Status& prepared) {
  if (prepared.ok()) return lane;
  DeleteLink(socket, static_cast<int>(lane.device), lane.name).IgnoreError();
  return prepared;
}

// Goes on after an error, which is the result.
template <typename Visit>
absl::Status ForEachOfOurs(RtSocket& socket, const Visit& visit) {
  nl_cache* links = nullptr;
  const int error = rtnl_link_alloc_cache(socket.get(), AF_UNSPEC, &links);
  if (error < 0) return NlError(error, "list links");
  const std::unique_ptr<nl_cache, decltype(&nl_cache_free)> owner(links, &nl_cache_free);
  absl::Status status;
  for (nl_object* object = nl_cache_get_first(links); object != nullptr; object = nl_cache_get_next(object)) {
    auto* link = reinterpret_cast<rtnl_link*>(object);
    if (IsOurs(link)) status.Update(visit(link));
  }
  return status;
}

}  // namespace

std::uint32_t Lane::number() const {
  absl::string_view digits = name;
  std::uint32_t value = 0;
  return absl::ConsumePrefix(&digits, "fl") && absl::SimpleAtoi(digits, &value) ? value : 0;
}

absl::StatusOr<Lane> MakeLane(RtSocket& socket, const LaneSpec& spec) {
  FAULTLINE_ASSIGN_OR_RETURN(Lane lane, AddMarkedIfb(socket));
  const absl::Status prepared = Prepare(socket, lane, spec);
  return Finish(socket, lane, prepared);
}

absl::StatusOr<Lane> MakeBlackholeLane(RtSocket& socket) {
  FAULTLINE_ASSIGN_OR_RETURN(const Lane lane, AddMarkedIfb(socket));
  return Finish(socket, lane, PrepareBlackhole(socket, lane));
}

absl::Status ChangeLane(RtSocket& socket, const Lane& lane, const LaneSpec& spec) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::uint32_t frame, LargestFrame(socket));
  return ChangeTree(socket, lane, spec, frame);
}

absl::StatusOr<LaneCounters> ReadLane(RtSocket& socket, const Lane& lane) { return ReadTree(socket, lane); }

absl::StatusOr<bool> TakesSeed(RtSocket& socket, const Lane& lane) { return TreeTakesSeed(socket, lane); }

absl::Status DeleteLane(RtSocket& socket, const Lane& lane) {
  const auto link = FindLink(socket, static_cast<int>(lane.device), nullptr);
  if (absl::IsNotFound(link.status())) return absl::OkStatus();
  if (!link.ok()) return link.status();
  if (!IsOurs(link->get())) return absl::OkStatus();
  return DeleteLink(socket, static_cast<int>(lane.device), lane.name);
}

absl::StatusOr<std::vector<std::string>> ListLaneDevices(RtSocket& socket) {
  std::vector<std::string> names;
  FAULTLINE_RETURN_IF_ERROR(ForEachOfOurs(socket, [&names](rtnl_link* link) {
    names.emplace_back(rtnl_link_get_name(link));
    return absl::OkStatus();
  }));
  return names;
}

absl::Status DeleteAllLanes(RtSocket& socket) {
  return ForEachOfOurs(socket, [&socket](rtnl_link* link) {
    return DeleteLink(socket, rtnl_link_get_ifindex(link), rtnl_link_get_name(link));
  });
}

}  // namespace faultline
