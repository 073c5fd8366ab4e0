#include "controller/compile/lack.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace faultline {

std::string NameSome(const std::vector<std::string>& names, std::size_t most) {
  const std::size_t shown = std::min(most, names.size());
  std::string text = absl::StrJoin(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", ");
  if (shown < names.size()) absl::StrAppend(&text, " and ", names.size() - shown, " more");
  return text;
}

void Lacks::Add(std::size_t node, const std::vector<Capability>& missing) {
  for (const Capability capability : missing) {
    std::vector<std::size_t>& nodes = nodes_[{capability, HowToGet(capability, fleet_.nodes()[node].platform)}];
    const auto place = std::lower_bound(nodes.begin(), nodes.end(), node);
    if (place == nodes.end() || *place != node) nodes.insert(place, node);
  }
}

std::vector<std::string> Lacks::Describe() const {
  std::vector<std::string> texts;
  for (const auto& [kind, nodes] : nodes_) {
    std::vector<std::string> names;
    for (const std::size_t node : nodes) names.push_back(fleet_.names()[node]);
    const bool one = nodes.size() == 1;
    texts.push_back(absl::StrCat(one ? "node " : "nodes ", NameSome(names), one ? " has no " : " have no ",
                                 NameOf(kind.first), ": ", kind.second));
  }
  return texts;
}

}  // namespace faultline
