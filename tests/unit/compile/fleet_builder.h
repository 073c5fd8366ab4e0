#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "controller/compile/compiler.h"
#include "controller/compile/inventory.h"

namespace faultline::testing_support {

inline IpAddress Ip(const std::string& text) { return IpAddress::Parse(text).value(); }

inline PrefixSet Set(const std::vector<std::string>& texts) {
  std::vector<Prefix> prefixes;
  for (const std::string& text : texts) prefixes.push_back(Prefix::Parse(text).value());
  return PrefixSet(prefixes);
}

inline InventoryNode Node(const std::string& name, const std::vector<std::string>& addresses,
                          std::map<std::string, std::string> labels = {}) {
  InventoryNode node;
  node.name = NodeName(name);
  for (const std::string& address : addresses) node.addresses.push_back(Ip(address));
  node.labels = std::move(labels);
  node.has = CapabilitySet::All();
  return node;
}

// With the egress hook also what stands in for it.
inline void TakeFrom(InventoryNode& node, Capability capability) {
  node.has.Set(capability, false);
  if (capability == Capability::kEgressHook) node.has.Set(Capability::kEgressClsact, false);
}

// Two nodes in London, two in Paris, all with both families.
inline Inventory LondonAndParis() {
  return {{Node("lon-1", {"172.32.4.2", "fd20::1"}, {{"region", "eu-west-2"}, {"az", "eu-west-2a"}}),
           Node("lon-2", {"172.32.5.239", "fd20::2"}, {{"region", "eu-west-2"}, {"az", "eu-west-2b"}}),
           Node("par-1", {"172.33.8.38", "fd21::1"}, {{"region", "eu-west-3"}, {"az", "eu-west-3a"}}),
           Node("par-2", {"172.33.7.44", "fd21::2"}, {{"region", "eu-west-3"}, {"az", "eu-west-3b"}})}};
}

inline CompileOptions Options() {
  CompileOptions options;
  options.run = RunId("run-1");
  return options;
}

}  // namespace faultline::testing_support
