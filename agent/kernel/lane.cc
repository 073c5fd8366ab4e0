#include "agent/kernel/lane.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/kernel/link_table.h"
#include "common/status.h"

namespace faultline {
namespace {

// More than anyone needs; ends the search for a free name.
constexpr int kMostLanes = 256;

// One less than IPv6 needs, so that it gives the device no address, no routes and no packets of its own
// (measured on 6.18; with addrgenmode none there still is a route for multicast). What is forwarded to
// the device is not measured against it.
constexpr unsigned kMtu = 1279;

struct LinkPutter {
  void operator()(rtnl_link* link) const { rtnl_link_put(link); }
};
using Link = std::unique_ptr<rtnl_link, LinkPutter>;

// 0, or libnl's error.
int AddIfb(RtSocket& socket, const std::string& name) {
  const Link link(rtnl_link_alloc());
  rtnl_link_set_name(link.get(), name.c_str());
  rtnl_link_set_type(link.get(), "ifb");
  rtnl_link_set_mtu(link.get(), kMtu);
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
// second: a process that dies in between leaves an ifb that is down and does nothing.
absl::Status Mark(RtSocket& socket, const Link& link, const std::string& name) {
  const Link change(rtnl_link_alloc());
  rtnl_link_set_ifalias(change.get(), kLaneAlias);
  const int error = rtnl_link_change(socket.get(), link.get(), change.get(), 0);
  return error < 0 ? NlError(error, absl::StrCat("set alias of ", name)) : absl::OkStatus();
}

// By hand: libnl's own kind "blackhole" has no data, and rtnl_tc_set_kind aborts on it (libnl 3.7.0).
absl::Status SetBlackhole(RtSocket& socket, const BlackholeLane& lane) {
  nl_msg* message = nlmsg_alloc_simple(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
  tcmsg header{.tcm_family = AF_UNSPEC};
  header.tcm_ifindex = static_cast<int>(lane.index);
  header.tcm_parent = TC_H_ROOT;
  nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO);
  nla_put_string(message, TCA_KIND, "blackhole");
  // Frees the message.
  const int error = nl_send_sync(socket.get(), message);
  return error < 0 ? NlError(error, absl::StrCat("add qdisc blackhole to ", lane.name)) : absl::OkStatus();
}

absl::Status BringUp(RtSocket& socket, const Link& link, const std::string& name) {
  const Link change(rtnl_link_alloc());
  rtnl_link_set_flags(change.get(), IFF_UP);
  const int error = rtnl_link_change(socket.get(), link.get(), change.get(), 0);
  return error < 0 ? NlError(error, absl::StrCat("bring up ", name)) : absl::OkStatus();
}

absl::Status DeleteLink(RtSocket& socket, int index, const std::string& name) {
  const Link link(rtnl_link_alloc());
  rtnl_link_set_ifindex(link.get(), index);
  const int error = rtnl_link_delete(socket.get(), link.get());
  if (error >= 0 || error == -NLE_NODEV || error == -NLE_OBJ_NOTFOUND) return absl::OkStatus();
  return NlError(error, absl::StrCat("delete device ", name));
}

absl::Status Prepare(RtSocket& socket, const Link& link, const BlackholeLane& lane) {
  FAULTLINE_RETURN_IF_ERROR(Mark(socket, link, lane.name));
  FAULTLINE_RETURN_IF_ERROR(SetBlackhole(socket, lane));
  return BringUp(socket, link, lane.name);
}

}  // namespace

absl::StatusOr<BlackholeLane> MakeLane(RtSocket& socket) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string name, AddFirstFreeIfb(socket));
  FAULTLINE_ASSIGN_OR_RETURN(const Link link, FindLink(socket, 0, name.c_str()));
  const BlackholeLane lane{.name = name, .index = static_cast<std::uint32_t>(rtnl_link_get_ifindex(link.get()))};
  const absl::Status status = Prepare(socket, link, lane);
  if (!status.ok()) {
    // Best effort: the first error says more.
    DeleteLink(socket, static_cast<int>(lane.index), name).IgnoreError();
    return status;
  }
  return lane;
}

absl::Status DeleteLane(RtSocket& socket, const BlackholeLane& lane) {
  const auto link = FindLink(socket, static_cast<int>(lane.index), nullptr);
  if (absl::IsNotFound(link.status())) return absl::OkStatus();
  if (!link.ok()) return link.status();
  if (!IsOurs(link->get())) return absl::OkStatus();
  return DeleteLink(socket, static_cast<int>(lane.index), lane.name);
}

absl::Status DeleteAllLanes(RtSocket& socket) {
  nl_cache* links = nullptr;
  const int error = rtnl_link_alloc_cache(socket.get(), AF_UNSPEC, &links);
  if (error < 0) return NlError(error, "list links");
  const std::unique_ptr<nl_cache, decltype(&nl_cache_free)> owner(links, &nl_cache_free);
  absl::Status status;
  for (nl_object* object = nl_cache_get_first(links); object != nullptr; object = nl_cache_get_next(object)) {
    auto* link = reinterpret_cast<rtnl_link*>(object);
    if (IsOurs(link)) status.Update(DeleteLink(socket, rtnl_link_get_ifindex(link), rtnl_link_get_name(link)));
  }
  return status;
}

}  // namespace faultline
