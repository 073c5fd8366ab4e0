#include "controller/preview/plan_words.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"
#include "controller/compile/describe.h"

namespace faultline {
namespace {

constexpr std::size_t kMostCidrsNamed = 8;

struct EndsWords {
  std::string operator()(const OneWay& ends) const { return absl::StrCat("from ", ends.from, " to ", ends.to); }
  std::string operator()(const Between& ends) const {
    return absl::StrCat("between ", absl::StrJoin(ends.groups, ", "));
  }
  std::string operator()(const Isolate& ends) const {
    return absl::StrCat("between ", ends.group, " and ", ends.from.value_or("everyone else"));
  }
  std::string operator()(const Shape& shape) const {
    switch (shape.kind) {
      case Shape::Kind::kHalves:
        return absl::StrCat("between two halves of ", shape.of);
      case Shape::Kind::kBridge:
        return absl::StrCat("between two halves of ", shape.of, ", but for one node that both reach");
      case Shape::Kind::kMajoritiesRing:
        return absl::StrCat("in ", shape.of, ", so that every node hears another majority");
      case Shape::Kind::kIslands:
        return absl::StrCat("between ", shape.islands, " islands of ", shape.of);
    }
    return "";
  }
};

std::string DrawWords(const Draw& draw) {
  switch (draw.amount) {
    case Draw::Amount::kCount:
      return absl::StrCat(draw.count, " drawn of ", draw.of);
    case Draw::Amount::kMinority:
      return absl::StrCat("a minority drawn of ", draw.of);
    case Draw::Amount::kMajority:
      return absl::StrCat("a majority drawn of ", draw.of);
  }
  return "";
}

struct CheckWords {
  std::string operator()(const Command& command) const {
    return absl::StrCat("command ", absl::StrJoin(command.arguments, " "));
  }
  std::string operator()(const HttpCheck& check) const {
    std::string text = absl::StrCat("http ", check.url, " with status ", check.status);
    if (!check.field.empty()) absl::StrAppend(&text, ", ", check.field);
    if (check.equals) absl::StrAppend(&text, " = ", *check.equals);
    return text;
  }
  std::string operator()(const TcpCheck& check) const { return absl::StrCat("tcp ", check.host, ":", check.port); }
};

// What the words for a step of a timeline say of it.
Step AsTimelineStep(const PlanStep& step) {
  return {.name = step.name,
          .at = step.at,
          .length = step.length,
          .effect = step.effect,
          .filter = step.filter,
          .flap = step.flap,
          .ramp = step.ramp,
          .rules = {}};
}

}  // namespace

std::string DescribeEnds(const Ends& ends) { return std::visit(EndsWords{}, ends); }

std::string DescribeGroup(const Group& group) {
  std::vector<std::string> parts;
  if (!group.cidrs.empty()) parts.push_back(group.cidrs.ToString(kMostCidrsNamed));
  if (!group.nodes.empty()) parts.push_back(absl::StrCat("nodes ", absl::StrJoin(group.nodes, ", ")));
  if (!group.labels.empty()) parts.push_back(absl::StrJoin(group.labels, ", ", absl::PairFormatter("=")));
  for (const DnsName& name : group.dns) parts.push_back(absl::StrCat("addresses of ", name.name));
  if (!group.all.empty()) parts.push_back(absl::StrJoin(group.all, " + "));
  if (group.draw) parts.push_back(DrawWords(*group.draw));
  std::string text = absl::StrJoin(parts, " + ");
  if (!group.except.empty()) absl::StrAppend(&text, " - ", absl::StrJoin(group.except, " - "));
  return text;
}

std::string DescribeFault(const PlanStep& step) {
  std::string text = absl::StrCat(DescribeStep(AsTimelineStep(step)), " ", DescribeEnds(step.ends));
  if (!step.exclude.empty()) absl::StrAppend(&text, ", sparing ", step.exclude.ToString(kMostCidrsNamed));
  return text;
}

std::string DescribePlanStep(const PlanStep& step) {
  return absl::StrCat(FormatDuration(step.at), " to ", FormatDuration(step.at + step.length), ": ",
                      DescribeFault(step));
}

std::string DescribeGuard(const Guard& guard) {
  return absl::StrCat(std::visit(CheckWords{}, guard.check), ", every ", FormatDuration(guard.every), " within ",
                      FormatDuration(guard.timeout), ", ", guard.failures,
                      guard.failures == 1 ? " failure " : " failures in a row ", guard.abort ? "aborts" : "is noted");
}

std::string DescribeObservation(const Observation& observation) {
  std::vector<std::string> moments;
  for (const std::string& step : observation.before) moments.push_back(absl::StrCat("before ", step));
  for (const std::string& step : observation.after) moments.push_back(absl::StrCat("after ", step));
  if (moments.empty()) moments = {observation.at_end ? "at the run's end" : "before and after the run"};
  return absl::StrCat(absl::StrJoin(observation.command.arguments, " "), " ", absl::StrJoin(moments, ", "), ", within ",
                      FormatDuration(observation.timeout),
                      observation.format == OutputFormat::kOperations ? ", prints operations" : "");
}

}  // namespace faultline
