#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/document/document.h"
#include "common/document/text_error.h"
#include "controller/plan/plan.h"

namespace faultline {

// The groups of a plan as its other parts name them, and the ones those parts make without a name of the author's.
class GroupNames {
 public:
  // `groups` are all that the author named; `complete`: whether those are all that were meant, so that any other name
  // is an error. Both references must outlive it.
  GroupNames(std::map<std::string, Group>& groups, bool complete, TextErrors& errors);

  // The name of an existing group.
  std::optional<std::string> Read(const DocumentValue& value) const;
  // The group of the nodes with this label, "region eu-west-3".
  std::string Labelled(const std::string& label, const std::string& pattern, SourcePosition position);
  // The hosts of one group but those of another, "all - london".
  std::string Without(const std::string& whole, const std::string& part, SourcePosition position);

 private:
  std::map<std::string, Group>& groups_;
  const bool complete_;
  // Sorted; with the group of every node.
  std::vector<std::string> names_;
  TextErrors& errors_;
};

}  // namespace faultline
