#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/document/document.h"
#include "common/document/text_error.h"
#include "common/document/value_reader.h"
#include "controller/plan/allowance.h"
#include "controller/plan/cidr_reader.h"
#include "controller/plan/ip_ranges.h"
#include "controller/plan/plan.h"

namespace faultline {

// Reads the values of "groups", of a plan and of the files it includes. Every key that can name a group is in the
// result, so that a step that uses a faulty group is not a second error. Not thread-safe.
class GroupsReader {
 public:
  // All must outlive the reader.
  GroupsReader(CidrReader& cidrs, IpRanges& ranges, TextErrors& errors)
      : cidrs_(cidrs), ranges_(ranges), errors_(errors) {}

  // One text's groups.
  void Read(const DocumentValue& value);
  // After every Read: groups that others are made of must exist, and none may be part of itself.
  void CheckUses();
  // Whether every group that was meant can be named.
  bool complete() const { return complete_; }
  const std::map<std::string, Group>& groups() const { return groups_; }

 private:
  // Another group that one is made of.
  struct Use {
    std::string name;
    TextErrors::Place place;
  };

  Group ReadGroup(const Field& field);
  void ReadMapping(const DocumentValue& value, Group& group);
  void ReadMembers(const Record& record, Group& group);
  // "all - london".
  void ReadExpression(const DocumentValue& value, Group& group);
  std::vector<std::string> ReadNodes(const DocumentValue& value);
  std::map<std::string, std::string> ReadLabels(const DocumentValue& value);
  std::vector<DnsName> ReadDns(const DocumentValue& value);
  std::vector<std::string> ReadUses(const DocumentValue& value, absl::string_view what, const std::string& owner);
  void ReadDraw(const Record& record, Group& group);
  // A name, label or glob of bounded length.
  bool CheckPattern(const DocumentValue& value, absl::string_view what);

  void AddUse(const std::string& owner, const std::string& name, SourcePosition position);
  // `names` are those of all groups, sorted.
  void CheckUse(const Use& use, const std::vector<std::string>& names);
  // Looks for a way from `name` back to a group of `path`.
  void FindCycle(const std::string& name, std::vector<std::string>& path);

  CidrReader& cidrs_;
  IpRanges& ranges_;
  TextErrors& errors_;
  bool complete_ = true;
  std::map<std::string, Group> groups_;
  // Where each stands, and what it is made of, by its name.
  std::map<std::string, TextErrors::Place> places_;
  std::map<std::string, std::vector<Use>> uses_;
  // Groups from which no cycle can be reached that is not yet an error.
  std::set<std::string> done_;
  Allowance group_count_{1000, "groups"};
  Allowance patterns_{10'000, "node names and labels"};
  Allowance parts_{10'000, "groups that others are made of"};
  Allowance dns_{1000, "DNS names"};
};

}  // namespace faultline
