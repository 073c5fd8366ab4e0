#include "controller/plan/group_reader.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "common/name.h"

namespace faultline {
namespace {

std::span<const std::string> GroupKeys() {
  static const std::array<std::string, 3> keys = {"cidrs", "nodes", "labels"};
  return keys;
}

}  // namespace

std::map<std::string, Group> GroupsReader::Read(const DocumentValue& value) {
  std::map<std::string, Group> groups;
  for (const Field& field : ReadFields(value, "'groups'", errors_)) {
    if (!groups_.Take(field.key->position, errors_)) break;
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
  if (cidrs != nullptr) group.cidrs = cidrs_.Read(*cidrs, "'cidrs'");
  if (nodes != nullptr) group.nodes = ReadNodes(*nodes);
  if (labels != nullptr) group.labels = ReadLabels(*labels);
  if (record.valid() && cidrs == nullptr && nodes == nullptr && labels == nullptr) {
    errors_.Add(record.position(),
                absl::StrCat("group '", field.name, "' needs at least one of 'cidrs', 'nodes' and 'labels'"));
  }
  return group;
}

std::vector<std::string> GroupsReader::ReadNodes(const DocumentValue& value) {
  std::vector<std::string> nodes;
  for (const DocumentValue* item : ReadItems(value, "'nodes'", errors_)) {
    if (!patterns_.Take(item->position, errors_)) break;
    if (CheckPattern(*item, "node name")) nodes.push_back(item->text);
  }
  return nodes;
}

std::map<std::string, std::string> GroupsReader::ReadLabels(const DocumentValue& value) {
  std::map<std::string, std::string> labels;
  for (const Field& field : ReadFields(value, "'labels'", errors_)) {
    if (!patterns_.Take(field.key->position, errors_)) break;
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

}  // namespace faultline
