#include "controller/plan/group_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/name.h"
#include "controller/plan/dns_name.h"
#include "controller/plan/keys.h"

namespace faultline {
namespace {

// The name with blanks round its hyphen or plus that makes it two groups that exist: "all-london". `names` are sorted.
std::string WithBlanks(const std::string& name, const std::vector<std::string>& names) {
  const auto shorter = [](const std::string& a, const std::string& b) { return a.size() < b.size(); };
  const std::size_t longest = std::max_element(names.begin(), names.end(), shorter)->size();
  if (name.size() > 2 * longest + 1) return "";
  const auto known = [&](const std::string& part) { return std::binary_search(names.begin(), names.end(), part); };
  for (std::size_t i = 1; i + 1 < name.size(); ++i) {
    if (name[i] != '-' && name[i] != '+') continue;
    const std::string left = name.substr(0, i);
    const std::string right = name.substr(i + 1);
    if (known(left) && known(right)) return absl::StrCat(left, " ", name.substr(i, 1), " ", right);
  }
  return "";
}

}  // namespace

void GroupsReader::Read(const DocumentValue& value) {
  const std::vector<Field> fields = ReadFields(value, "'groups'", errors_);
  complete_ = complete_ && !fields.empty();
  for (const Field& field : fields) {
    if (!group_count_.Take(field.key->position, errors_)) break;
    if (field.name == kEveryNode) {
      errors_.Add(field.key->position, "group 'all' is every node and needs no definition; call this one otherwise");
      continue;
    }
    if (!ReadName(*field.key, "group name", errors_)) continue;
    if (const auto other = places_.find(field.name); other != places_.end()) {
      errors_.Add(field.key->position, absl::StrCat("group '", field.name, "' is already at ", other->second.ToString(),
                                                    "; call one of the two otherwise"));
      continue;
    }
    places_.emplace(field.name, errors_.Locate(field.key->position));
    groups_.emplace(field.name, ReadGroup(field));
  }
}

Group GroupsReader::ReadGroup(const Field& field) {
  Group group;
  group.name = field.name;
  group.position = errors_.Locate(field.key->position).position;
  if (field.value->kind == DocumentValue::Kind::kText) {
    ReadExpression(*field.value, group);
  } else {
    ReadMapping(*field.value, group);
  }
  return group;
}

void GroupsReader::ReadMapping(const DocumentValue& value, Group& group) {
  const Record record(value, absl::StrCat("group '", group.name, "'"), keys::Group(), errors_);
  if (!record.valid()) return;
  ReadMembers(record, group);
  ReadDraw(record, group);
  const auto given = [&](const std::string& key) { return record.Find(key) != nullptr; };
  const bool drawn = std::any_of(keys::Draws().begin(), keys::Draws().end(), given);
  const Words all = keys::Group();
  const bool any = std::any_of(all.begin(), all.end(), given);
  if (!drawn && given("except") && !given("all") && group.cidrs.empty() && group.nodes.empty() &&
      group.labels.empty() && group.dns.empty()) {
    errors_.Add(record.Find("except")->position,
                absl::StrCat("group '", group.name,
                             "' is only what it is not; say what 'except' takes away from, for example 'all: [all]'"));
  }
  if (!any && !std::any_of(all.begin(), all.end(), [&](const std::string& key) { return record.MayBe(key); })) {
    errors_.Add(record.position(), absl::StrCat("group '", group.name,
                                                "' has no members; write one of 'cidrs', 'nodes', 'labels', 'dns', "
                                                "'aws_ip_ranges', 'all' or 'one_of'"));
  }
}

void GroupsReader::ReadMembers(const Record& record, Group& group) {
  if (const DocumentValue* cidrs = record.Find("cidrs")) group.cidrs = cidrs_.Read(*cidrs, "'cidrs'");
  if (const DocumentValue* ranges = record.Find("aws_ip_ranges")) {
    group.cidrs = group.cidrs.Union(ranges_.Read(*ranges));
    group.published = true;
  }
  if (const DocumentValue* nodes = record.Find("nodes")) group.nodes = ReadNodes(*nodes);
  if (const DocumentValue* labels = record.Find("labels")) group.labels = ReadLabels(*labels);
  if (const DocumentValue* dns = record.Find("dns")) group.dns = ReadDns(*dns);
  if (const DocumentValue* all = record.Find("all")) group.all = ReadUses(*all, "'all'", group.name);
  if (const DocumentValue* except = record.Find("except")) group.except = ReadUses(*except, "'except'", group.name);
}

void GroupsReader::ReadExpression(const DocumentValue& value, Group& group) {
  const std::vector<std::string> words = absl::StrSplit(value.text, absl::ByAnyChar(" \t\n"), absl::SkipEmpty());
  bool good = words.size() % 2 == 1;
  for (std::size_t i = 1; i < words.size(); i += 2) good = good && (words[i] == "+" || words[i] == "-");
  if (!good) {
    errors_.Add(value.position, absl::StrCat("'", value.text,
                                             "' is no expression of groups; write 'all - london' or 'london + paris', "
                                             "with blanks round the '-' or '+'"));
    return;
  }
  if (words.size() == 1 && Prefix::Parse(words[0]).ok()) {
    errors_.Add(value.position,
                absl::StrCat("'", value.text, "' is a CIDR; write '", group.name, ": {cidrs: [", value.text, "]}'"));
    return;
  }
  bool taken_away = false;
  std::set<absl::string_view> seen;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    if (!parts_.Take(value.position, errors_)) return;
    const bool minus = i > 0 && words[i - 1] == "-";
    if (taken_away && !minus) {
      errors_.Add(value.position, absl::StrCat("'", value.text,
                                               "' adds after it takes away; write what is added first, as in "
                                               "'london + paris - lab'"));
      return;
    }
    if (minus && !taken_away) seen.clear();
    taken_away = minus;
    if (!seen.insert(words[i]).second) continue;
    AddUse(group.name, words[i], value.position);
    (minus ? group.except : group.all).push_back(words[i]);
  }
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

std::vector<DnsName> GroupsReader::ReadDns(const DocumentValue& value) {
  std::vector<DnsName> names;
  for (const DocumentValue* item : ReadItems(value, "'dns'", errors_)) {
    if (!dns_.Take(item->position, errors_)) break;
    const std::optional<std::string> name = ReadText(*item, "a DNS name", errors_);
    if (!name) continue;
    if (const absl::Status status = CheckDnsName(*name); !status.ok()) {
      errors_.Add(item->position, status.message());
    } else {
      names.push_back({*name, errors_.Locate(item->position).position});
    }
  }
  return names;
}

std::vector<std::string> GroupsReader::ReadUses(const DocumentValue& value, absl::string_view what,
                                                const std::string& owner) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const DocumentValue* item : ReadItems(value, what, errors_)) {
    if (!parts_.Take(item->position, errors_)) break;
    const std::optional<std::string> name = ReadText(*item, "a group", errors_);
    if (!name || !seen.insert(*name).second) continue;
    AddUse(owner, *name, item->position);
    names.push_back(*name);
  }
  return names;
}

void GroupsReader::ReadDraw(const Record& record, Group& group) {
  constexpr std::uint64_t kMostDrawn = 100'000;
  const DocumentValue* count = record.Find("count");
  for (const std::string& key : keys::Draws()) {
    const DocumentValue* of = record.Find(key);
    if (of == nullptr) continue;
    const DocumentValue* needed = nullptr;
    if (key == "some_of") needed = record.Require("count", "say how many, for example 'count: 2'", errors_);
    if (record.size() != (needed != nullptr ? 2 : 1) && !(key == "some_of" && count == nullptr)) {
      errors_.Add(of->position, absl::StrCat("'", key, "' stands alone", key == "some_of" ? " with 'count'" : "",
                                             "; name what is drawn from as a group of its own"));
    }
    const std::optional<std::string> from = ReadText(*of, "a group", errors_);
    if (from) AddUse(group.name, *from, of->position);
    group.draw = Draw{key == "minority_of"   ? Draw::Amount::kMinority
                      : key == "majority_of" ? Draw::Amount::kMajority
                                             : Draw::Amount::kCount,
                      1, from.value_or("")};
    if (needed != nullptr) {
      group.draw->count =
          static_cast<std::uint32_t>(ReadNumber(*needed, "'count'", errors_, 1, kMostDrawn).value_or(1));
    }
    return;
  }
  if (count != nullptr) errors_.Add(count->position, "'count' says how many 'some_of' draws; there is none here");
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

void GroupsReader::AddUse(const std::string& owner, const std::string& name, SourcePosition position) {
  uses_[owner].push_back({name, errors_.Locate(position)});
}

void GroupsReader::CheckUses() {
  std::vector<std::string> names = {kEveryNode};
  for (const auto& [name, group] : groups_) names.push_back(name);
  std::sort(names.begin(), names.end());
  for (const auto& [owner, uses] : uses_) {
    for (const Use& use : uses) CheckUse(use, names);
  }
  for (const auto& [owner, uses] : uses_) {
    std::vector<std::string> path;
    FindCycle(owner, path);
  }
}

void GroupsReader::CheckUse(const Use& use, const std::vector<std::string>& names) {
  if (!complete_ || use.name == kEveryNode || groups_.contains(use.name)) return;
  const std::string parted = WithBlanks(use.name, names);
  errors_.AddAt(use.place, absl::StrCat("unknown group '", use.name, "'",
                                        parted.empty() ? errors_.Suggest(use.name, names)
                                                       : absl::StrCat("; did you mean '", parted, "'?")));
}

void GroupsReader::FindCycle(const std::string& name, std::vector<std::string>& path) {
  if (const auto begin = std::find(path.begin(), path.end(), name); begin != path.end()) {
    const std::vector<std::string> cycle(begin, path.end());
    errors_.AddAt(places_.at(name),
                  absl::StrCat("group '", name, "' is part of itself: ", absl::StrJoin(cycle, " -> "), " -> ", name));
    return;
  }
  if (done_.contains(name)) return;
  path.push_back(name);
  if (const auto uses = uses_.find(name); uses != uses_.end()) {
    for (const Use& use : uses->second) FindCycle(use.name, path);
  }
  path.pop_back();
  done_.insert(name);
}

}  // namespace faultline
