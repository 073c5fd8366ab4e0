#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/document/document.h"
#include "common/document/text_error.h"
#include "common/prefix_set.h"
#include "controller/plan/cidr_reader.h"
#include "controller/plan/keys.h"
#include "controller/plan/missing_file.h"

namespace faultline {

// Reads groups of a cloud's published address ranges: what a group asks for ("aws_ip_ranges"), and the CIDRs that
// answer it (the plan's "ip_ranges"). Not thread-safe.
class IpRanges {
 public:
  // Both must outlive it.
  IpRanges(CidrReader& cidrs, TextErrors& errors) : cidrs_(cidrs), errors_(errors) {}

  // The value of the plan's "ip_ranges". To be read before any use.
  void ReadAnswers(const DocumentValue& value);
  // The value of a group's "aws_ip_ranges".
  PrefixSet Read(const DocumentValue& value);
  const std::vector<MissingFile>& missing() const { return missing_; }

 private:
  struct Query {
    std::string file;
    // Sorted; empty: all.
    std::vector<std::string> services;
    std::vector<std::string> regions;
    friend bool operator==(const Query&, const Query&) = default;
  };
  struct Answer {
    Query query;
    PrefixSet cidrs;
  };

  // Nothing, with errors, when it cannot be read.
  std::optional<Query> ReadQuery(const DocumentValue& value, absl::string_view what, Words keys);
  std::vector<std::string> ReadWords(const DocumentValue* value, absl::string_view what);

  CidrReader& cidrs_;
  TextErrors& errors_;
  std::vector<Answer> answers_;
  std::vector<MissingFile> missing_;
};

}  // namespace faultline
