#include "agent/kernel/link_table.h"

#include <linux/if_addr.h>
#include <linux/if_vlan.h>
#include <net/if.h>
#include <netlink/cache.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/vlan.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include "absl/strings/strip.h"
#include "agent/kernel/lane.h"
#include "common/status.h"

namespace faultline {
namespace {

struct CacheFreer {
  void operator()(nl_cache* cache) const { nl_cache_free(cache); }
};
using Cache = std::unique_ptr<nl_cache, CacheFreer>;

template <typename Object, typename Visit>
void ForEach(nl_cache* cache, const Visit& visit) {
  for (nl_object* object = nl_cache_get_first(cache); object != nullptr; object = nl_cache_get_next(object)) {
    visit(reinterpret_cast<Object*>(object));
  }
}

bool Usable(rtnl_link* link) {
  const unsigned flags = rtnl_link_get_flags(link);
  return (flags & IFF_UP) != 0 && (flags & IFF_LOOPBACK) == 0 && !IsOurs(link);
}

// nullopt for one that packets cannot use.
std::optional<Interface::Address> AddressOf(rtnl_addr* address) {
  if (rtnl_addr_get_scope(address) != RT_SCOPE_UNIVERSE) return std::nullopt;
  if ((rtnl_addr_get_flags(address) & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0 &&
      (rtnl_addr_get_flags(address) & IFA_F_OPTIMISTIC) == 0) {
    return std::nullopt;
  }
  const nl_addr* local = rtnl_addr_get_local(address);
  if (local == nullptr) return std::nullopt;
  const auto* bytes = static_cast<const char*>(nl_addr_get_binary_addr(local));
  const auto parsed = IpAddress::FromBytes(absl::string_view(bytes, nl_addr_get_len(local)));
  static const Prefix kLinkLocal = *Prefix::Parse("169.254.0.0/16");
  if (!parsed.ok() || kLinkLocal.Contains(*parsed)) return std::nullopt;
  return Interface::Address{.address = *parsed, .prefix_length = rtnl_addr_get_prefixlen(address)};
}

absl::StatusOr<Cache> Links(RtSocket& socket) {
  nl_cache* cache = nullptr;
  const int error = rtnl_link_alloc_cache(socket.get(), AF_UNSPEC, &cache);
  if (error < 0) return NlError(error, "list links");
  return Cache(cache);
}

absl::StatusOr<Cache> Addresses(RtSocket& socket) {
  nl_cache* cache = nullptr;
  const int error = rtnl_addr_alloc_cache(socket.get(), &cache);
  if (error < 0) return NlError(error, "list addresses");
  return Cache(cache);
}

// Whether it has our alias, or is to get it next.
bool IsMarked(const LinkTraits& link) {
  return link.alias ? *link.alias == kLaneAlias : !link.up && link.mtu == kLaneMtu;
}

// A device as those that lie on it, or that it lies on, see it.
struct Layer {
  std::string name;
  // The number of the device of this namespace that sees its packets as they come and go; 0: none.
  int lower = 0;
  // Puts a tag on them.
  bool tags = false;
};

Layer LayerOf(rtnl_link* link) {
  Layer layer{.name = rtnl_link_get_name(link)};
  const char* type = rtnl_link_get_type(link);
  std::int32_t elsewhere = 0;
  if (type == nullptr || rtnl_link_get_link_netnsid(link, &elsewhere) == 0) return layer;
  layer.tags = std::strcmp(type, "vlan") == 0;
  // Otherwise what goes out is tagged too early to be seen.
  const bool tags_late = layer.tags && (rtnl_link_vlan_get_flags(link) & VLAN_FLAG_REORDER_HDR) != 0;
  if (tags_late || std::strcmp(type, "macvlan") == 0) layer.lower = rtnl_link_get_link(link);
  return layer;
}

// Of all links, by number.
using Layers = std::map<int, Layer>;

// The name of the device that sees the packets of `of`; null when none of `devices` does.
const std::string* FindLower(const Layers& layers, const Layer& of, std::span<const std::string> devices) {
  int tags = 0;
  for (const Layer* layer = &of; layer->lower != 0;) {
    if (layer->tags && ++tags > 1) return nullptr;
    const auto lower = layers.find(layer->lower);
    if (lower == layers.end()) return nullptr;
    layer = &lower->second;
    const bool listed = std::find(devices.begin(), devices.end(), layer->name) != devices.end();
    // One that is stacked itself is not acted on.
    if (listed && FindLower(layers, *layer, devices) == nullptr) return &layer->name;
  }
  return nullptr;
}

}  // namespace

bool IsOurs(const LinkTraits& link) {
  const bool splitter = link.kind == "macvlan";
  if (!IsMarked(link) || (!splitter && link.kind != "ifb")) return false;
  absl::string_view text = link.name;
  if (splitter && !absl::ConsumeSuffix(&text, "s")) return false;
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  return absl::ConsumePrefix(&text, "fl") && !text.empty() && std::all_of(text.begin(), text.end(), digit);
}

bool IsOurs(rtnl_link* link) {
  const char* name = rtnl_link_get_name(link);
  const char* type = rtnl_link_get_type(link);
  const char* alias = rtnl_link_get_ifalias(link);
  if (name == nullptr || type == nullptr) return false;
  return IsOurs({.name = name,
                 .kind = type,
                 .alias = alias == nullptr ? std::nullopt : std::optional<absl::string_view>(alias),
                 .up = (rtnl_link_get_flags(link) & IFF_UP) != 0,
                 .mtu = rtnl_link_get_mtu(link)});
}

absl::StatusOr<std::uint32_t> LargestFrame(RtSocket& socket) {
  constexpr std::uint32_t kEthernetMtu = 1500;
  constexpr std::uint32_t kHeaders = 14 + 2 * 4;
  FAULTLINE_ASSIGN_OR_RETURN(const Cache links, Links(socket));
  std::uint32_t mtu = kEthernetMtu;
  ForEach<rtnl_link>(links.get(), [&](rtnl_link* link) {
    const bool loopback = (rtnl_link_get_flags(link) & IFF_LOOPBACK) != 0;
    if (!loopback && !IsOurs(link)) mtu = std::max(mtu, rtnl_link_get_mtu(link));
  });
  return mtu + kHeaders;
}

absl::StatusOr<std::vector<Interface>> ListInterfaces(RtSocket& socket) {
  FAULTLINE_ASSIGN_OR_RETURN(const Cache links, Links(socket));
  FAULTLINE_ASSIGN_OR_RETURN(const Cache addresses, Addresses(socket));
  std::map<int, Interface> found;
  ForEach<rtnl_link>(links.get(), [&](rtnl_link* link) {
    if (Usable(link)) found[rtnl_link_get_ifindex(link)].name = rtnl_link_get_name(link);
  });
  ForEach<rtnl_addr>(addresses.get(), [&](rtnl_addr* address) {
    const auto interface = found.find(rtnl_addr_get_ifindex(address));
    if (interface == found.end()) return;
    if (auto usable = AddressOf(address)) interface->second.addresses.push_back(*std::move(usable));
  });
  std::vector<Interface> interfaces;
  for (auto& [index, interface] : found) {
    interface.index = index;
    if (!interface.addresses.empty()) interfaces.push_back(std::move(interface));
  }
  return interfaces;
}

absl::StatusOr<std::map<std::string, Device>> FindDevices(RtSocket& socket, std::span<const std::string> names) {
  FAULTLINE_ASSIGN_OR_RETURN(const Cache links, Links(socket));
  Layers layers;
  ForEach<rtnl_link>(links.get(), [&](rtnl_link* link) { layers[rtnl_link_get_ifindex(link)] = LayerOf(link); });
  std::map<std::string, Device> devices;
  for (const auto& [index, layer] : layers) {
    if (std::find(names.begin(), names.end(), layer.name) == names.end()) continue;
    Device& device = devices[layer.name];
    device.index = static_cast<std::uint32_t>(index);
    if (const std::string* lower = FindLower(layers, layer, names)) device.lower = *lower;
  }
  return devices;
}

}  // namespace faultline
