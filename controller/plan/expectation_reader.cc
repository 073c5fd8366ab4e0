#include "controller/plan/expectation_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/duration.h"
#include "controller/plan/keys.h"

namespace faultline {
namespace {

using Kind = DocumentValue::Kind;

constexpr char kShortForms[] = "unreachable, reachable, or a figure such as 'rtt ~ 80ms' or 'loss ~ 1% within 2%'";

// "rtt ~ 160ms within 16ms".
std::string TextOf(const std::variant<Reachability, NearDelay, NearLoss>& what) {
  if (const auto* reach = std::get_if<Reachability>(&what)) {
    return keys::Reachabilities()[static_cast<std::size_t>(*reach)];
  }
  if (const auto* delay = std::get_if<NearDelay>(&what)) {
    return absl::StrCat(delay->round_trip ? "rtt" : "delay", " ~ ", FormatDuration(delay->delay), " within ",
                        FormatDuration(delay->within));
  }
  const auto& loss = std::get<NearLoss>(what);
  return absl::StrCat("loss ~ ", FormatRatio(loss.loss), " within ", FormatRatio(loss.within));
}

Duration ShareOf(Duration whole, Ratio share) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(whole.count()) * share.AsDouble()));
}

// A part of a value's text as a value at its place.
DocumentValue Part(const DocumentValue& value, absl::string_view text) {
  DocumentValue part;
  part.kind = Kind::kText;
  part.position = value.position;
  part.text = std::string(absl::StripAsciiWhitespace(text));
  return part;
}

}  // namespace

void ExpectationReader::Add(const std::vector<Expectation>& of_step, const std::string& step,
                            std::vector<Expectation>& expectations) {
  for (const Expectation& expectation : of_step) {
    if (!Take(repeated_, expectation.position)) return;
    Expectation& added = expectations.emplace_back(expectation);
    added.step = step;
    absl::StrAppend(&added.text, " in ", step);
  }
}

std::vector<Expectation> ExpectationReader::ReadOfStep(const DocumentValue& value, const PlanStep& step) {
  std::vector<Expectation> expectations;
  if (value.kind != Kind::kList) {
    ReadItem(value, step, expectations);
    return expectations;
  }
  for (const DocumentPtr& item : ReadList(value, "'expect'", errors_)) ReadItem(*item, step, expectations);
  return expectations;
}

void ExpectationReader::ReadItem(const DocumentValue& value, const PlanStep& step,
                                 std::vector<Expectation>& expectations) {
  if (full_) return;
  std::vector<Edge> edges;
  std::vector<What> facts;
  if (value.kind == Kind::kText) {
    const std::optional<What> fact = ReadShort(value);
    if (!fact) return;
    facts.push_back(*fact);
  } else {
    const Record record(value, "an expectation", keys::StepExpectation(), errors_);
    if (!record.valid()) return;
    facts = ReadFacts(record);
    edges = ReadEdges(record);
    const bool named =
        record.Find("from") != nullptr || record.Find("to") != nullptr || record.Find("between") != nullptr;
    if (edges.empty() && named) return;
  }
  if (edges.empty()) edges = EdgesOf(step, value.position);
  AddAll(edges, facts, value.position, expectations);
}

std::vector<Expectation> ExpectationReader::Read(const DocumentValue& value, const StepNames& steps) {
  std::vector<std::string> names;
  for (const auto& [name, repetitions] : steps) names.push_back(name);
  std::vector<Expectation> all;
  for (const DocumentPtr& item : ReadList(value, "'expect'", errors_)) {
    const Record record(*item, "an expectation", keys::Expectation(), errors_);
    if (!record.valid()) continue;
    const DocumentValue* step = record.Require("step", "name the step in which it is to hold", errors_);
    const std::vector<What> facts = ReadFacts(record);
    const std::vector<Edge> edges = ReadEdges(record);
    const bool named =
        record.Find("from") != nullptr || record.Find("to") != nullptr || record.Find("between") != nullptr;
    if (!named) record.Require("from", "say between whom: 'from' and 'to', or 'between'", errors_);
    const std::optional<std::string> name =
        step != nullptr ? ReadText(*step, "'step'", errors_) : std::optional<std::string>();
    if (!name) continue;
    const auto repetitions = steps.find(*name);
    if (repetitions == steps.end()) {
      errors_.Add(step->position, absl::StrCat("unknown step '", *name, "'", errors_.Suggest(*name, names)));
      continue;
    }
    std::vector<Expectation> of_step;
    AddAll(edges, facts, item->position, of_step);
    for (const std::string& repetition : repetitions->second) Add(of_step, repetition, all);
  }
  return all;
}

std::vector<ExpectationReader::What> ExpectationReader::ReadFacts(const Record& record) {
  std::vector<What> facts;
  bool any = false;
  const auto add = [&](std::optional<What> fact) {
    any = true;
    if (fact) facts.push_back(*fact);
  };
  if (const DocumentValue* reach = record.Find("reach")) add(ReadReach(*reach));
  for (const char* key : {"rtt", "delay", "loss"}) {
    const DocumentValue* value = record.Find(key);
    if (value == nullptr) continue;
    if (value->kind != Kind::kMapping) {
      add(ReadFigure(*value, nullptr, key));
      continue;
    }
    const Record figure(*value, absl::StrCat("'", key, "'"), keys::Near(), errors_);
    const DocumentValue* near = figure.Require("near", "say what it is to be near", errors_);
    add(near != nullptr ? ReadFigure(*near, figure.Find("within"), key) : std::optional<What>());
  }
  if (!any) {
    errors_.Add(record.position(), "an expectation says nothing; write one of 'reach', 'rtt', 'delay' or 'loss'");
  }
  return facts;
}

std::optional<ExpectationReader::What> ExpectationReader::ReadShort(const DocumentValue& value) {
  const absl::string_view text = absl::StripAsciiWhitespace(value.text);
  const Words words = keys::Reachabilities();
  if (std::find(words.begin(), words.end(), text) != words.end()) return ReadReach(Part(value, text));
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('~', 1));
  const absl::string_view key = absl::StripAsciiWhitespace(parts.first);
  const bool figure = text.find('~') != absl::string_view::npos && (key == "rtt" || key == "delay" || key == "loss");
  if (!figure) {
    errors_.Add(value.position, absl::StrCat("'", value.text, "' cannot be expected; write ", kShortForms,
                                             errors_.Suggest(value.text, words)));
    return std::nullopt;
  }
  const std::pair<absl::string_view, absl::string_view> sides =
      absl::StrSplit(parts.second, absl::MaxSplits(" within ", 1));
  const DocumentValue near = Part(value, sides.first);
  const DocumentValue within = Part(value, sides.second);
  return ReadFigure(near, within.text.empty() ? nullptr : &within, key);
}

std::optional<ExpectationReader::What> ExpectationReader::ReadReach(const DocumentValue& value) {
  const std::optional<std::size_t> word = ReadWord(value, "'reach'", keys::Reachabilities(), errors_);
  if (!word) return std::nullopt;
  return static_cast<Reachability>(*word);
}

std::optional<ExpectationReader::What> ExpectationReader::ReadFigure(const DocumentValue& near,
                                                                     const DocumentValue* within,
                                                                     absl::string_view key) {
  if (key == "loss") return ReadLoss(near, within);
  return ReadDelay(near, within, /*round_trip=*/key == "rtt");
}

std::optional<ExpectationReader::What> ExpectationReader::ReadDelay(const DocumentValue& near,
                                                                    const DocumentValue* within, bool round_trip) {
  const std::optional<Duration> delay = ReadDuration(near, round_trip ? "'rtt'" : "'delay'", errors_);
  NearDelay expected;
  expected.delay = delay.value_or(Duration(0));
  expected.round_trip = round_trip;
  expected.within = std::max(ShareOf(expected.delay, kWithin), kWithinLeast);
  if (within != nullptr) {
    const bool share =
        within->kind == Kind::kText && (absl::EndsWith(within->text, "%") || absl::EndsWith(within->text, "ppm"));
    if (share) {
      const std::optional<Ratio> ratio = ReadRatio(*within, "'within'", errors_);
      if (!ratio) return std::nullopt;
      expected.within = ShareOf(expected.delay, *ratio);
    } else {
      const std::optional<Duration> length = ReadDuration(*within, "'within'", errors_);
      if (!length) return std::nullopt;
      expected.within = *length;
    }
  }
  if (!delay) return std::nullopt;
  return expected;
}

std::optional<ExpectationReader::What> ExpectationReader::ReadLoss(const DocumentValue& near,
                                                                   const DocumentValue* within) {
  const std::optional<Ratio> loss = ReadRatio(near, "'loss'", errors_);
  std::optional<Ratio> points = kLossWithin;
  if (within != nullptr) points = ReadRatio(*within, "'within'", errors_);
  if (loss && *loss > Ratio::Percent(100)) {
    errors_.Add(near.position, absl::StrCat("'loss' is ", FormatRatio(*loss), "; at most all packets can be lost"));
    return std::nullopt;
  }
  if (!loss || !points) return std::nullopt;
  return NearLoss{*loss, *points};
}

std::vector<ExpectationReader::Edge> ExpectationReader::ReadEdges(const Record& record) {
  const DocumentValue* from = record.Find("from");
  const DocumentValue* to = record.Find("to");
  const DocumentValue* between = record.Find("between");
  if (between != nullptr && (from != nullptr || to != nullptr)) {
    errors_.Add(between->position, "'between' and 'from' or 'to' exclude each other: 'between' is both ways");
    return {};
  }
  if (between != nullptr) {
    std::vector<std::string> groups;
    const std::span<const DocumentPtr> items = ReadList(*between, "'between'", errors_);
    if (items.size() == 1) errors_.Add(between->position, "'between' needs at least two groups");
    for (const DocumentPtr& item : items) {
      if (const std::optional<std::string> group = groups_.Read(*item)) groups.push_back(*group);
    }
    return EveryPair(groups);
  }
  if (from == nullptr && to == nullptr) return {};
  const DocumentValue* sender = record.Require("from", "name the group that sends", errors_);
  const DocumentValue* receiver = record.Require("to", "name the group that receives", errors_);
  const std::optional<std::string> from_name = sender != nullptr ? groups_.Read(*sender) : std::nullopt;
  const std::optional<std::string> to_name = receiver != nullptr ? groups_.Read(*receiver) : std::nullopt;
  if (!from_name || !to_name) return {};
  return {{*from_name, *to_name, false}};
}

std::vector<ExpectationReader::Edge> ExpectationReader::EdgesOf(const PlanStep& step, SourcePosition position) {
  if (const auto* one_way = std::get_if<OneWay>(&step.ends)) return {{one_way->from, one_way->to, false}};
  if (const auto* between = std::get_if<Between>(&step.ends)) return EveryPair(between->groups);
  if (const auto* isolate = std::get_if<Isolate>(&step.ends)) {
    if (isolate->group.empty()) return {};
    if (isolate->from && isolate->from->empty()) return {};
    return {{isolate->group, groups_.Without(isolate->from.value_or(kEveryNode), isolate->group, position), true}};
  }
  errors_.Add(position,
              "who is parted from whom is drawn at random in this step; say between whom, by 'from' and 'to'");
  return {};
}

std::vector<ExpectationReader::Edge> ExpectationReader::EveryPair(const std::vector<std::string>& groups) {
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (std::size_t j = i + 1; j < groups.size() && edges.size() < 10'000; ++j) {
      edges.push_back({groups[i], groups[j], true});
    }
  }
  return edges;
}

void ExpectationReader::AddAll(const std::vector<Edge>& edges, const std::vector<What>& facts, SourcePosition position,
                               std::vector<Expectation>& expectations) {
  for (const Edge& edge : edges) {
    for (const What& what : facts) {
      if (!Take(read_, position)) return;
      Expectation& expectation = expectations.emplace_back();
      expectation.position = position;
      expectation.text = absl::StrCat(edge.from, edge.both_ways ? " and " : " to ", edge.to, " ", TextOf(what));
      expectation.from = edge.from;
      expectation.to = edge.to;
      expectation.both_ways = edge.both_ways;
      expectation.what = what;
    }
  }
}

bool ExpectationReader::Take(Allowance& allowance, SourcePosition position) {
  full_ = full_ || !allowance.Take(position, errors_);
  return !full_;
}

}  // namespace faultline
