#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/document/document.h"
#include "common/document/text_error.h"
#include "common/document/value_reader.h"
#include "controller/plan/plan.h"

namespace faultline {

// Reads the value of "groups". Every key that can name a group is in the result, so that a step that uses a faulty
// group is not a second error.
class GroupsReader {
 public:
  // `errors` must outlive the reader.
  explicit GroupsReader(TextErrors& errors) : errors_(errors) {}

  std::map<std::string, Group> Read(const DocumentValue& value);

 private:
  Group ReadGroup(const Field& field);
  PrefixSet ReadCidrs(const DocumentValue& value);
  std::vector<std::string> ReadNodes(const DocumentValue& value);
  std::map<std::string, std::string> ReadLabels(const DocumentValue& value);
  // A name, label or glob of bounded length.
  bool CheckPattern(const DocumentValue& value, absl::string_view what);
  // Counts one more thing of which a plan may have `most`; false once there are more, the first time with an error.
  bool Count(std::size_t& count, std::size_t most, SourcePosition position, absl::string_view things);

  TextErrors& errors_;
  std::size_t cidrs_ = 0;
  std::size_t patterns_ = 0;
};

}  // namespace faultline
