#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/document/document.h"
#include "common/document/text_error.h"
#include "common/document/value_reader.h"
#include "controller/plan/allowance.h"
#include "controller/plan/cidr_reader.h"
#include "controller/plan/plan.h"

namespace faultline {

// Reads the value of "groups". Every key that can name a group is in the result, so that a step that uses a faulty
// group is not a second error.
class GroupsReader {
 public:
  // Both must outlive the reader.
  GroupsReader(CidrReader& cidrs, TextErrors& errors) : cidrs_(cidrs), errors_(errors) {}

  std::map<std::string, Group> Read(const DocumentValue& value);

 private:
  Group ReadGroup(const Field& field);
  std::vector<std::string> ReadNodes(const DocumentValue& value);
  std::map<std::string, std::string> ReadLabels(const DocumentValue& value);
  // A name, label or glob of bounded length.
  bool CheckPattern(const DocumentValue& value, absl::string_view what);

  CidrReader& cidrs_;
  TextErrors& errors_;
  Allowance groups_{1000, "groups"};
  Allowance patterns_{10'000, "node names and labels"};
};

}  // namespace faultline
