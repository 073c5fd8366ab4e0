#include "controller/plan/ends_reader.h"

#include <set>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

using Kind = DocumentValue::Kind;

const std::string& KeyOf(Fault fault) { return keys::Faults()[static_cast<std::size_t>(fault)]; }

Shape::Kind ShapeOf(Fault fault) {
  switch (fault) {
    case Fault::kBridge:
      return Shape::Kind::kBridge;
    case Fault::kMajoritiesRing:
      return Shape::Kind::kMajoritiesRing;
    case Fault::kIslands:
      return Shape::Kind::kIslands;
    default:
      return Shape::Kind::kHalves;
  }
}

}  // namespace

std::optional<Ends> EndsReader::ReadShort(Fault fault, const DocumentValue& value) {
  if (value.kind == Kind::kMapping) return std::nullopt;
  switch (fault) {
    case Fault::kPartition:
      return ReadBetween(value, "'partition'");
    case Fault::kIsolate:
      return ReadIsolated(value, nullptr);
    case Fault::kRegionDown:
    case Fault::kAzDown:
      return ReadDown(fault, value);
    case Fault::kHalves:
    case Fault::kBridge:
    case Fault::kMajoritiesRing:
      return ReadShape(fault, value);
    default:
      return std::nullopt;
  }
}

Ends EndsReader::Read(Fault fault, const Record& record) {
  switch (fault) {
    case Fault::kBlock:
      return ReadOneWay(record);
    case Fault::kBlackhole: {
      OneWay ends = ReadOneWay(record);
      ends.blackhole = true;
      return ends;
    }
    case Fault::kImpair:
      return ReadImpaired(record);
    case Fault::kPartition: {
      const DocumentValue* groups = record.Require("groups", "name two groups or more", errors_);
      return groups != nullptr ? ReadBetween(*groups, "'groups'") : Between();
    }
    case Fault::kIsolate:
      return ReadIsolate(record);
    case Fault::kRegionDown:
    case Fault::kAzDown: {
      const DocumentValue* label = record.Require(fault == Fault::kAzDown ? "az" : "region", "say which", errors_);
      return label != nullptr ? ReadDown(fault, *label) : Isolate();
    }
    case Fault::kHalves:
    case Fault::kBridge:
    case Fault::kMajoritiesRing:
    case Fault::kIslands:
      break;
  }
  const DocumentValue* of = record.Require("of", "name the group that is parted", errors_);
  Shape shape = of != nullptr ? ReadShape(fault, *of) : Shape{ShapeOf(fault), "", 2};
  if (fault != Fault::kIslands) return shape;
  constexpr std::uint64_t kMostIslands = 100'000;
  const DocumentValue* count =
      record.Require("count", "say how many islands there are, for example 'count: 3'", errors_);
  if (count != nullptr) {
    shape.islands = static_cast<std::uint32_t>(ReadNumber(*count, "'count'", errors_, 2, kMostIslands).value_or(2));
  }
  return shape;
}

OneWay EndsReader::ReadOneWay(const Record& record) {
  const DocumentValue* from = record.Require("from", "name the group that sends", errors_);
  const DocumentValue* to = record.Require("to", "name the group that receives", errors_);
  OneWay ends;
  if (from != nullptr) ends.from = groups_.Read(*from).value_or("");
  if (to != nullptr) ends.to = groups_.Read(*to).value_or("");
  if (!ends.from.empty() && ends.from == ends.to) {
    errors_.Add(to->position,
                absl::StrCat("'from' and 'to' are both '", ends.to, "'; a fault is between two different groups"));
  }
  return ends;
}

Between EndsReader::ReadBetween(const DocumentValue& value, absl::string_view what) {
  Between between;
  const std::span<const DocumentPtr> items = ReadList(value, what, errors_);
  if (items.size() == 1) errors_.Add(value.position, absl::StrCat(what, " needs at least two groups"));
  std::set<std::string> seen;
  for (const DocumentPtr& item : items) {
    const std::optional<std::string> group = groups_.Read(*item);
    if (!group) continue;
    if (seen.insert(*group).second) {
      between.groups.push_back(*group);
    } else {
      errors_.Add(item->position, absl::StrCat("group '", *group, "' comes twice in ", what));
    }
  }
  return between;
}

Isolate EndsReader::ReadIsolate(const Record& record) {
  const DocumentValue* group = record.Find("group");
  const DocumentValue* nodes = record.Find("nodes");
  if (group != nullptr && nodes != nullptr) {
    errors_.Add(nodes->position, "'nodes' is another word for 'group' here; write one of them");
  }
  if (group == nullptr) group = nodes;
  if (group == nullptr) group = record.Require("group", "name the group that is cut off", errors_);
  return group != nullptr ? ReadIsolated(*group, record.Find("from")) : Isolate();
}

Isolate EndsReader::ReadIsolated(const DocumentValue& group, const DocumentValue* from) {
  Isolate isolate;
  isolate.group = groups_.Read(group).value_or("");
  if (from == nullptr) return isolate;
  isolate.from = groups_.Read(*from).value_or("");
  if (!isolate.group.empty() && isolate.group == isolate.from) {
    errors_.Add(from->position, absl::StrCat("'group' and 'from' are both '", isolate.group,
                                             "'; a fault is between two different groups"));
  }
  return isolate;
}

Isolate EndsReader::ReadDown(Fault fault, const DocumentValue& value) {
  const std::string label = fault == Fault::kAzDown ? "az" : "region";
  const std::optional<std::string> pattern = ReadText(value, absl::StrCat("'", KeyOf(fault), "'"), errors_);
  if (!pattern) return Isolate();
  constexpr std::size_t kLongest = 256;
  if (pattern->empty() || pattern->size() > kLongest) {
    errors_.Add(value.position, absl::StrCat("'", KeyOf(fault), "' must be the label '", label, "' of nodes, of 1 to ",
                                             kLongest, " characters"));
    return Isolate();
  }
  return Isolate{groups_.Labelled(label, *pattern, value.position), std::nullopt};
}

Shape EndsReader::ReadShape(Fault fault, const DocumentValue& of) {
  return Shape{ShapeOf(fault), groups_.Read(of).value_or(""), 2};
}

Ends EndsReader::ReadImpaired(const Record& record) {
  const DocumentValue* between = record.Find("between");
  const DocumentValue* group = record.Find("group");
  const DocumentValue* to = record.Find("to");
  const bool one_way = group == nullptr && (record.Find("from") != nullptr || to != nullptr);
  if (between == nullptr && group == nullptr && !one_way) {
    errors_.Add(record.position(),
                "'impair' has no ends; name one way's by 'from' and 'to', both ways' by 'between', or by 'group' those "
                "of a group and all others");
    return Between();
  }
  if (between != nullptr && one_way) {
    errors_.Add(between->position, "'between' and 'from' or 'to' exclude each other: 'between' is both ways");
  }
  if (between != nullptr && group != nullptr) {
    errors_.Add(group->position, "'between' and 'group' exclude each other: 'group' is a group and all others");
  }
  if (between != nullptr) return ReadBetween(*between, "'between'");
  if (group == nullptr) return ReadOneWay(record);
  if (to != nullptr) {
    errors_.Add(to->position, "'group' and 'to' exclude each other: 'group' is both ways; name the others by 'from'");
  }
  return ReadIsolated(*group, record.Find("from"));
}

}  // namespace faultline
