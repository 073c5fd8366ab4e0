#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/document/text_error.h"
#include "common/document/value_reader.h"
#include "controller/plan/group_names.h"
#include "controller/plan/keys.h"
#include "controller/plan/plan.h"

namespace faultline {

// Reads between whom a fault is. Not thread-safe.
class EndsReader {
 public:
  // Both must outlive the reader.
  EndsReader(GroupNames& groups, TextErrors& errors) : groups_(groups), errors_(errors) {}

  // Of a fault whose value is not a mapping: "partition: [a, b]", "isolate: one". Nothing when it has no such form.
  std::optional<Ends> ReadShort(Fault fault, const DocumentValue& value);
  // Of a fault's mapping.
  Ends Read(Fault fault, const Record& record);

 private:
  OneWay ReadOneWay(const Record& record);
  Between ReadBetween(const DocumentValue& value, absl::string_view what);
  Isolate ReadIsolate(const Record& record);
  Isolate ReadIsolated(const DocumentValue& group, const DocumentValue* from);
  Isolate ReadDown(Fault fault, const DocumentValue& value);
  Shape ReadShape(Fault fault, const DocumentValue& of);
  Ends ReadImpaired(const Record& record);

  GroupNames& groups_;
  TextErrors& errors_;
};

}  // namespace faultline
