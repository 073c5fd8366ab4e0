#include "controller/cli/ad_hoc_plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/name.h"
#include "common/status.h"
#include "controller/cli/group_expression.h"

namespace faultline {
namespace {

using Form = AdHocOption::Form;
using Place = AdHocOption::Place;

constexpr const char* kPackets = "Which packets";
constexpr const char* kWhat = "What happens to them";

constexpr AdHocOption kPacketOptions[] = {
    {"protocol", "protocol", Place::kFault, Form::kValue, false, kPackets, "tcp, udp, icmp or sctp"},
    {"ports", "ports", Place::kFault, Form::kList, false, kPackets,
     "To these ports (3000,3001-3002); in a fault both ways, from or to them"},
    {"source-ports", "source_ports", Place::kFault, Form::kList, false, kPackets, "From these ports; with --one-way"},
    {"exclude-ports", "exclude_ports", Place::kFault, Form::kList, false, kPackets, "But not from or to these ports"},
    {"exclude", "exclude", Place::kFault, Form::kList, false, kPackets, "But not from or to these CIDRs"},
    {"interface", "interface", Place::kFault, Form::kList, false, kPackets, "Only by these interfaces"},
    {"dscp", "dscp", Place::kFault, Form::kValue, false, kPackets, "Only of this code point: 46, ef, af41, ..."},
};

constexpr AdHocOption kCutOptions[] = {
    {"connections", "connections", Place::kFault, Form::kValue, false, kPackets, "Only of new or established ones"},
    {"action", "action", Place::kFault, Form::kValue, false, kWhat, "drop (silently) or reject (the sender is told)"},
};

constexpr AdHocOption kFlapOptions[] = {
    {"down", "down", Place::kFlap, Form::kValue, true, kWhat, "How long the link is gone each time: 2s"},
    {"up", "up", Place::kFlap, Form::kValue, true, kWhat, "How long it is back each time: 5s"},
    {"jitter", "jitter", Place::kFlap, Form::kValue, false, kWhat, "Each change comes up to this much early or late"},
};

constexpr AdHocOption kImpairOptions[] = {
    {"delay", "delay", Place::kFault, Form::kValue, false, kWhat, "Each way: 80ms"},
    {"rtt", "rtt", Place::kFault, Form::kValue, false, kWhat, "Instead of --delay: there and back, half each way"},
    {"jitter", "jitter", Place::kFault, Form::kValue, false, kWhat, "How much the delay varies: 10ms"},
    {"distribution", "distribution", Place::kFault, Form::kValue, false, kWhat,
     "Of the jitter: uniform (default), normal, pareto or paretonormal"},
    {"samples", "samples", Place::kFault, Form::kValue, false, kWhat,
     "Instead: delays as measured, a CSV file with one a line"},
    {"loss", "loss", Place::kFault, Form::kValue, false, kWhat, "Share of packets lost: 1% or 200ppm"},
    {"gemodel", "loss", Place::kFault, Form::kGilbertElliott, false, kWhat,
     "Instead of --loss, in bursts: P,R[,1-H[,1-K]], for example 1%,10%"},
    {"duplicate", "duplicate", Place::kFault, Form::kValue, false, kWhat, "Share that arrives twice"},
    {"corrupt", "corrupt", Place::kFault, Form::kValue, false, kWhat, "Share with one bit turned"},
    {"reorder", "reorder", Place::kFault, Form::kValue, false, kWhat,
     "Share that skips the delay and so overtakes; or allow: jitter may reorder"},
    {"rate", "rate", Place::kFault, Form::kValue, false, kWhat, "In bits a second: 10mbit"},
    {"burst", "burst", Place::kFault, Form::kValue, false, kWhat, "Bytes that may pass at once after a pause: 64kb"},
};

absl::Status Invalid(absl::string_view message) { return absl::InvalidArgumentError(message); }

// "1%,10%,100%,0%" as the value of "loss".
absl::StatusOr<std::string> GilbertElliottYaml(absl::string_view value) {
  static constexpr const char* kKeys[] = {"p", "r", "1-h", "1-k"};
  const std::vector<std::string> parts = absl::StrSplit(value, ',');
  if (parts.size() < 2 || parts.size() > std::size(kKeys)) {
    return Invalid(absl::StrCat("--gemodel is P,R[,1-H[,1-K]], for example 1%,10%, not '", value, "'"));
  }
  std::vector<std::string> pairs;
  for (std::size_t i = 0; i < parts.size(); ++i) pairs.push_back(absl::StrCat(kKeys[i], ": ", QuotedYaml(parts[i])));
  return absl::StrCat("{gemodel: {", absl::StrJoin(pairs, ", "), "}}");
}

absl::StatusOr<std::string> ValueYaml(const AdHocOption& option, absl::string_view value) {
  if (option.form == Form::kGilbertElliott) return GilbertElliottYaml(value);
  if (option.form == Form::kValue) return QuotedYaml(value);
  return absl::StrCat(
      "[",
      absl::StrJoin(absl::StrSplit(value, ','), ", ",
                    [](std::string* out, absl::string_view item) { absl::StrAppend(out, QuotedYaml(item)); }),
      "]");
}

// What plans, matrices and errors call a group: the expression itself, or the part of it that can be a name.
std::string NameOfGroup(absl::string_view expression, absl::string_view otherwise) {
  std::string name(expression.substr(expression.find_last_of("=/@") + 1));
  const bool single = !absl::StrContains(expression, ',');
  const bool cidr = absl::StrContains(expression, '/') && !absl::StartsWith(expression, "@");
  return single && !cidr && CheckName(name, "").ok() ? name : std::string(otherwise);
}

std::string Option(const AdHocOption& option) { return absl::StrCat("--", option.name); }

}  // namespace

std::vector<AdHocOption> AdHocOptions(absl::string_view verb) {
  std::vector<AdHocOption> options;
  const auto add = [&options](const auto& more) { options.insert(options.end(), std::begin(more), std::end(more)); };
  if (verb == "flap") add(kFlapOptions);
  verb == "impair" ? add(kImpairOptions) : add(kCutOptions);
  add(kPacketOptions);
  return options;
}

absl::StatusOr<AdHocText> AdHocText::Write(const AdHocPlan& plan) {
  const auto given = [&plan](const char* option) { return plan.options.find(option) != plan.options.end(); };
  if (given("loss") && given("gemodel")) return Invalid("--loss and --gemodel exclude each other");
  if (plan.first == plan.second) return Invalid(absl::StrCat("A and B are both '", plan.first, "'"));
  FAULTLINE_ASSIGN_OR_RETURN(const std::string first_yaml, GroupYaml(plan.first));
  FAULTLINE_ASSIGN_OR_RETURN(const std::string second_yaml, GroupYaml(plan.second));
  std::string first = NameOfGroup(plan.first, "A");
  std::string second = NameOfGroup(plan.second, "B");
  if (first == second) first = "A", second = "B";

  AdHocText text;
  text.verb_ = plan.verb;
  text.name_ = absl::StrCat("faultline ", plan.verb);
  const bool impair = plan.verb == "impair";
  const char* const fault = impair ? "impair" : plan.one_way ? "block" : "partition";
  text.Line(absl::StrCat("name: ", plan.verb), text.name_);
  text.Line("groups:", text.name_);
  text.Line(absl::StrCat("  ", QuotedYaml(first), ": ", first_yaml), plan.first);
  text.Line(absl::StrCat("  ", QuotedYaml(second), ": ", second_yaml), plan.second);
  text.Line("steps:", text.name_);
  text.Line(absl::StrCat("  - name: ", plan.verb), text.name_);
  text.Line(absl::StrCat("    for: ", QuotedYaml(plan.length)), "--for");
  if (plan.security_group) text.Line("    semantics: security-group", "--security-group");
  text.Line(absl::StrCat("    ", fault, ":"), text.name_);
  if (plan.one_way) {
    text.Line(absl::StrCat("      from: ", QuotedYaml(first)), plan.first);
    text.Line(absl::StrCat("      to: ", QuotedYaml(second)), plan.second);
  } else {
    text.Line(
        absl::StrCat("      ", impair ? "between" : "groups", ": [", QuotedYaml(first), ", ", QuotedYaml(second), "]"),
        text.name_);
  }
  FAULTLINE_RETURN_IF_ERROR(text.Options(plan, Place::kFault));
  if (plan.verb == "flap") text.Line("    flap:", text.name_);
  FAULTLINE_RETURN_IF_ERROR(text.Options(plan, Place::kFlap));
  return text;
}

void AdHocText::Line(absl::string_view line, absl::string_view word) {
  absl::StrAppend(&text_, line, "\n");
  origins_.emplace_back(word);
}

absl::Status AdHocText::Options(const AdHocPlan& plan, AdHocOption::Place place) {
  for (const AdHocOption& option : AdHocOptions(plan.verb)) {
    const auto given = plan.options.find(option.name);
    if (option.place != place || given == plan.options.end()) continue;
    FAULTLINE_ASSIGN_OR_RETURN(const std::string value, ValueYaml(option, given->second));
    Line(absl::StrCat("      ", option.key, ": ", value), Option(option));
  }
  return absl::OkStatus();
}

std::string AdHocText::Explain(absl::string_view errors) const {
  return absl::StrJoin(absl::StrSplit(errors, '\n'), "\n",
                       [this](std::string* out, absl::string_view line) { absl::StrAppend(out, ExplainLine(line)); });
}

std::string AdHocText::ExplainLine(absl::string_view line) const {
  absl::string_view rest = line;
  if (!absl::ConsumePrefix(&rest, absl::StrCat(name_, ":"))) return std::string(line);
  const std::vector<absl::string_view> parts = absl::StrSplit(rest, absl::MaxSplits(':', 2));
  std::size_t number = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &number) || number < 1 || number > origins_.size()) {
    return std::string(line);
  }
  std::vector<std::pair<std::string, std::string>> words = {{"'for'", "--for"},
                                                            {"'from' and 'to'", "--one-way"},
                                                            {"'semantics: security-group'", "--security-group"},
                                                            {"'action: reject'", "--action reject"},
                                                            {"'connections: new'", "--connections new"},
                                                            {"'loss.gemodel.", "'"}};
  for (const AdHocOption& option : AdHocOptions(verb_)) {
    if (option.form == Form::kGilbertElliott) continue;
    words.emplace_back(absl::StrCat("'", option.key, "'"), Option(option));
    if (option.place == Place::kFlap) words.emplace_back(absl::StrCat("'flap.", option.key, "'"), Option(option));
  }
  const std::string message = absl::StrReplaceAll(absl::StripAsciiWhitespace(parts[2]), words);
  const std::string& word = origins_[number - 1];
  return absl::StartsWith(message, word) ? message : absl::StrCat(word, ": ", message);
}

}  // namespace faultline
