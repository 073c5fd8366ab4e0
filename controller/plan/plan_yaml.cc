#include "controller/plan/plan_yaml.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "common/document/document.h"
#include "common/document/value_reader.h"
#include "controller/plan/group_reader.h"
#include "controller/plan/step_reader.h"

namespace faultline {
namespace {

std::span<const std::string> PlanKeys() {
  static const std::array<std::string, 8> keys = {"version", "name",  "description", "seed", "on_controller_loss",
                                                  "groups",  "steps", "samples"};
  return keys;
}

void CheckVersion(const DocumentValue& value, TextErrors& errors) {
  const std::optional<std::uint64_t> version = ReadNumber(value, "'version'", errors);
  if (version && *version != 1) {
    errors.Add(value.position, absl::StrCat("'version' must be 1, not ", *version));
  }
}

ControllerLoss ReadControllerLoss(const DocumentValue& value, TextErrors& errors) {
  const std::optional<std::string> text = ReadText(value, "'on_controller_loss'", errors);
  if (!text || *text == "heal") return ControllerLoss::kHeal;
  if (*text != "continue") {
    errors.Add(value.position, absl::StrCat("'on_controller_loss' must be heal or continue, not '", *text, "'"));
  }
  return ControllerLoss::kContinue;
}

// Everything but groups and steps.
void ReadHeader(const Record& record, Plan& plan, TextErrors& errors) {
  if (const DocumentValue* version = record.Find("version")) CheckVersion(*version, errors);
  if (const DocumentValue* name = record.Require("name", "a plan needs a name", errors)) {
    plan.name = ReadName(*name, "plan name", errors).value_or("");
  }
  if (const DocumentValue* text = record.Find("description")) {
    plan.description = ReadText(*text, "'description'", errors).value_or("");
  }
  if (const DocumentValue* seed = record.Find("seed")) plan.seed = ReadNumber(*seed, "'seed'", errors).value_or(0);
  if (const DocumentValue* loss = record.Find("on_controller_loss")) {
    plan.on_controller_loss = ReadControllerLoss(*loss, errors);
  }
}

std::vector<std::string> NamesOf(const std::map<std::string, Group>& groups) {
  std::vector<std::string> names;
  for (const auto& [name, group] : groups) names.push_back(name);
  return names;
}

Plan ReadPlan(const DocumentValue& document, SampleLists& samples, TextErrors& errors) {
  Plan plan;
  const Record record(document, "a plan", PlanKeys(), errors);
  if (!record.valid()) return plan;
  ReadHeader(record, plan, errors);
  CidrReader cidrs(errors);
  if (const DocumentValue* groups = record.Require("groups", "say who takes part", errors)) {
    plan.groups = GroupsReader(cidrs, errors).Read(*groups);
  }
  if (const DocumentValue* lists = record.Find("samples")) samples.ReadNamed(*lists);
  const std::vector<std::string> groups = NamesOf(plan.groups);
  FaultReader fault(groups, cidrs, samples, errors);
  if (const DocumentValue* steps = record.Require("steps", "say what happens", errors)) {
    plan.steps = StepsReader(fault, errors).Read(*steps);
  }
  return plan;
}

}  // namespace

ParsedPlan ParsePlan(absl::string_view text) {
  ParsedPlan parsed;
  TextErrors errors;
  SampleLists samples(errors);
  if (const DocumentPtr document = ParseDocument(text, errors)) parsed.plan = ReadPlan(*document, samples, errors);
  parsed.unknown_samples = samples.unknown();
  parsed.errors = errors.Take();
  return parsed;
}

}  // namespace faultline
