#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/capability.h"
#include "controller/compile/node_index.h"

namespace faultline {

// Of what was drawn more is named than of what is merely told.
inline constexpr std::size_t kMostDrawnNames = 64;

// "a, b, c and 4 more".
std::string NameSome(const std::vector<std::string>& names, std::size_t most = 5);

// What nodes lack, those that lack the same thing and come by it in the same way taken together.
class Lacks {
 public:
  // `fleet` must outlive this.
  explicit Lacks(const NodeIndex& fleet) : fleet_(fleet) {}

  void Add(std::size_t node, const std::vector<Capability>& missing);
  bool empty() const { return nodes_.empty(); }
  // "node lon-1 has no netem qdisc: the module sch_netem comes with: …", "nodes lon-1, lon-2 and 3 more have no …".
  std::vector<std::string> Describe() const;

 private:
  // By what it is, then by how to get it.
  using Kind = std::pair<Capability, std::string>;

  const NodeIndex& fleet_;
  // In the fleet's order, none twice.
  std::map<Kind, std::vector<std::size_t>> nodes_;
};

}  // namespace faultline
