#include "controller/run/conflict.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace faultline {
namespace {

std::string NamesOf(const std::set<NodeName>& nodes) {
  std::vector<std::string> names;
  for (const NodeName& node : nodes) {
    if (names.size() < kMostNamed) names.push_back(node.text());
  }
  if (nodes.size() > kMostNamed) names.push_back(absl::StrCat(nodes.size() - kMostNamed, " more"));
  if (names.size() == 1) return names.front();
  const std::string last = names.back();
  names.pop_back();
  return absl::StrCat(absl::StrJoin(names, ", "), " and ", last);
}

}  // namespace

std::string Describe(const Conflicts& conflicts) {
  std::vector<std::string> parts;
  for (const auto& [run, nodes] : conflicts) parts.push_back(absl::StrCat("run ", run, " acts on ", NamesOf(nodes)));
  return absl::StrJoin(parts, "; ");
}

}  // namespace faultline
