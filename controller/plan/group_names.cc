#include "controller/plan/group_names.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/document/value_reader.h"

namespace faultline {

GroupNames::GroupNames(std::map<std::string, Group>& groups, bool complete, TextErrors& errors)
    : groups_(groups), complete_(complete), names_{kEveryNode}, errors_(errors) {
  for (const auto& [name, group] : groups) names_.push_back(name);
  std::sort(names_.begin(), names_.end());
}

std::optional<std::string> GroupNames::Read(const DocumentValue& value) const {
  const std::optional<std::string> name = ReadText(value, "a group", errors_);
  if (!name || !complete_ || std::binary_search(names_.begin(), names_.end(), *name)) return name;
  errors_.Add(value.position, absl::StrCat("unknown group '", *name, "'", errors_.Suggest(*name, names_)));
  return std::nullopt;
}

std::string GroupNames::Labelled(const std::string& label, const std::string& pattern, SourcePosition position) {
  Group group;
  group.name = absl::StrCat(label, " ", pattern);
  group.position = position;
  group.labels = {{label, pattern}};
  const std::string name = group.name;
  groups_.emplace(name, std::move(group));
  return name;
}

std::string GroupNames::Without(const std::string& whole, const std::string& part, SourcePosition position) {
  Group rest;
  rest.name = absl::StrCat(whole, " - ", part);
  rest.position = position;
  rest.all = {whole};
  rest.except = {part};
  const std::string name = rest.name;
  groups_.emplace(name, std::move(rest));
  return name;
}

}  // namespace faultline
