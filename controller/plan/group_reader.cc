#include "controller/plan/group_reader.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "common/name.h"

namespace faultline {
namespace {

constexpr std::size_t kMostGroups = 1000;
constexpr std::size_t kMostCidrs = 100'000;
constexpr std::size_t kMostPatterns = 10'000;

std::span<const std::string> GroupKeys() {
  static const std::array<std::string, 3> keys = {"cidrs", "nodes", "labels"};
  return keys;
}

}  // namespace

std::map<std::string, Group> GroupsReader::Read(const DocumentValue& value) {
  std::map<std::string, Group> groups;
  std::size_t count = 0;
  for (const Field& field : ReadFields(value, "'groups'", errors_)) {
    if (!Count(count, kMostGroups, field.key->position, "groups")) break;
    if (!ReadName(*field.key, "group name", errors_)) continue;
    groups.emplace(field.name, ReadGroup(field));
  }
  return groups;
}

Group GroupsReader::ReadGroup(const Field& field) {
  Group group;
  group.name = field.name;
  group.position = field.key->position;
  const Record record(*field.value, absl::StrCat("group '", field.name, "'"), GroupKeys(), errors_);
  const DocumentValue* cidrs = record.Find("cidrs");
  const DocumentValue* nodes = record.Find("nodes");
  const DocumentValue* labels = record.Find("labels");
  if (cidrs != nullptr) group.cidrs = ReadCidrs(*cidrs);
  if (nodes != nullptr) group.nodes = ReadNodes(*nodes);
  if (labels != nullptr) group.labels = ReadLabels(*labels);
  if (record.valid() && cidrs == nullptr && nodes == nullptr && labels == nullptr) {
    errors_.Add(record.position(),
                absl::StrCat("group '", field.name, "' needs at least one of 'cidrs', 'nodes' and 'labels'"));
  }
  return group;
}

PrefixSet GroupsReader::ReadCidrs(const DocumentValue& value) {
  std::vector<Prefix> prefixes;
  for (const DocumentPtr& item : ReadList(value, "'cidrs'", errors_)) {
    if (!Count(cidrs_, kMostCidrs, item->position, "CIDRs")) break;
    const std::optional<std::string> text = ReadText(*item, "a CIDR", errors_);
    if (!text) continue;
    const absl::StatusOr<Prefix> prefix = Prefix::Parse(*text);
    if (prefix.ok()) {
      prefixes.push_back(*prefix);
    } else {
      errors_.Add(item->position, prefix.status().message());
    }
  }
  return PrefixSet(std::move(prefixes));
}

std::vector<std::string> GroupsReader::ReadNodes(const DocumentValue& value) {
  std::vector<std::string> nodes;
  for (const DocumentPtr& item : ReadList(value, "'nodes'", errors_)) {
    if (!Count(patterns_, kMostPatterns, item->position, "node names and labels")) break;
    if (CheckPattern(*item, "node name")) nodes.push_back(item->text);
  }
  return nodes;
}

std::map<std::string, std::string> GroupsReader::ReadLabels(const DocumentValue& value) {
  std::map<std::string, std::string> labels;
  for (const Field& field : ReadFields(value, "'labels'", errors_)) {
    if (!Count(patterns_, kMostPatterns, field.key->position, "node names and labels")) break;
    const bool key_is_good = CheckPattern(*field.key, "label");
    const bool value_is_good = CheckPattern(*field.value, absl::StrCat("label '", field.name, "'"));
    if (key_is_good && value_is_good) labels.emplace(field.name, field.value->text);
  }
  return labels;
}

bool GroupsReader::CheckPattern(const DocumentValue& value, absl::string_view what) {
  constexpr std::size_t kLongest = 256;
  const std::optional<std::string> text = ReadText(value, what, errors_);
  if (!text) return false;
  if (text->size() > kLongest) {
    errors_.Add(value.position, absl::StrCat(what, " is longer than ", kLongest, " characters"));
  } else if (text->empty()) {
    errors_.Add(value.position, absl::StrCat(what, " is empty"));
  }
  return !text->empty() && text->size() <= kLongest;
}

bool GroupsReader::Count(std::size_t& count, std::size_t most, SourcePosition position, absl::string_view things) {
  ++count;
  if (count == most + 1) errors_.Add(position, absl::StrCat("a plan has at most ", most, " ", things));
  return count <= most;
}

}  // namespace faultline
