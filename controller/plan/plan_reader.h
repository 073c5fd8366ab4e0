#pragma once

#include <vector>

#include "common/document/document.h"
#include "common/document/text_error.h"
#include "common/document/value_reader.h"
#include "controller/plan/cidr_reader.h"
#include "controller/plan/group_reader.h"
#include "controller/plan/included_files.h"
#include "controller/plan/ip_ranges.h"
#include "controller/plan/missing_file.h"
#include "controller/plan/plan.h"
#include "controller/plan/sample_lists.h"
#include "controller/plan/variables.h"

namespace faultline {

// Reads one plan from its document. Not thread-safe.
class PlanReader {
 public:
  // `errors` must outlive the reader.
  explicit PlanReader(TextErrors& errors)
      : errors_(errors),
        variables_(errors),
        included_(errors),
        cidrs_(errors),
        ranges_(cidrs_, errors),
        groups_(cidrs_, ranges_, errors),
        samples_(errors) {}

  Plan Read(const DocumentPtr& document);
  // What it names and does not have.
  std::vector<MissingFile> MissingFiles() const;

 private:
  // Files, then variables, in the order in which one needs the other. The document with its variables filled in.
  DocumentPtr Prepare(const DocumentPtr& document);
  void ReadGroups(const Record& record, Plan& plan);
  void ReadEvents(const Record& record, Plan& plan);

  TextErrors& errors_;
  Variables variables_;
  IncludedFiles included_;
  CidrReader cidrs_;
  IpRanges ranges_;
  GroupsReader groups_;
  SampleLists samples_;
};

}  // namespace faultline
