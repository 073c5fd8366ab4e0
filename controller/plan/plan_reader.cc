#include "controller/plan/plan_reader.h"

#include <algorithm>
#include <array>

#include "controller/plan/check_reader.h"
#include "controller/plan/expectation_reader.h"
#include "controller/plan/fault_reader.h"
#include "controller/plan/group_names.h"
#include "controller/plan/header_reader.h"
#include "controller/plan/keys.h"
#include "controller/plan/step_reader.h"

namespace faultline {
namespace {

// The first value of a key; null when there is none.
const DocumentValue* Find(const DocumentValue& document, absl::string_view key) {
  const DocumentValue& value = FindPath(document, key);
  return &value == &document ? nullptr : &value;
}

// Values that are needed to fill in variables, or were made by a program: no variables in them.
bool IsFilled(absl::string_view key) {
  constexpr std::array<absl::string_view, 6> kVerbatim = {"vars", "set", "include", "included", "ip_ranges", "samples"};
  return std::find(kVerbatim.begin(), kVerbatim.end(), key) == kVerbatim.end();
}

}  // namespace

Plan PlanReader::Read(const DocumentPtr& raw) {
  Plan plan;
  const DocumentPtr document = Prepare(raw);
  const Record record(*document, "a plan", keys::Plan(), errors_);
  if (!record.valid()) return plan;
  HeaderReader header(errors_);
  header.Read(record, plan);
  ReadGroups(record, plan);
  ReadEvents(record, plan);
  header.ReadTimes(record, plan);
  variables_.CheckAll();
  plan.variables = variables_.Values();
  return plan;
}

DocumentPtr PlanReader::Prepare(const DocumentPtr& document) {
  if (document->kind != DocumentValue::Kind::kMapping) return document;
  if (const DocumentValue* include = Find(*document, "include")) {
    included_.Read(*include, Find(*document, "included"));
    if (!included_.complete()) variables_.ExpectMore();
  }
  const DocumentValue* vars = Find(*document, "vars");
  if (vars != nullptr) variables_.Declare(*vars);
  included_.ForEach("vars", [this](const DocumentPtr& value) { variables_.Declare(*value); });
  if (const DocumentValue* set = Find(*document, "set")) {
    variables_.Set(*set, vars != nullptr ? vars->position : document->position);
  }
  auto filled = std::make_shared<DocumentValue>(*document);
  for (DocumentValue::Entry& entry : filled->entries) {
    if (IsFilled(entry.key->text)) entry.value = variables_.Fill(entry.value);
  }
  return filled;
}

void PlanReader::ReadGroups(const Record& record, Plan& plan) {
  if (const DocumentValue* ranges = record.Find("ip_ranges")) ranges_.ReadAnswers(*ranges);
  included_.ForEach("groups", [this](const DocumentPtr& value) { groups_.Read(*variables_.Fill(value)); });
  if (const DocumentValue* groups = record.Find("groups")) groups_.Read(*groups);
  if (included_.complete()) groups_.CheckUses();
  plan.groups = groups_.groups();
}

void PlanReader::ReadEvents(const Record& record, Plan& plan) {
  if (const DocumentValue* lists = record.Find("samples")) samples_.ReadNamed(*lists);
  GroupNames names(plan.groups, groups_.complete() && included_.complete(), errors_);
  FaultReader faults(names, cidrs_, samples_, errors_);
  ExpectationReader expectations(names, errors_);
  StepsReader steps(faults, expectations, errors_);
  if (const DocumentValue* list = record.Require("steps", "say what happens", errors_)) steps.Read(*list, plan);
  if (const DocumentValue* expect = record.Find("expect")) {
    const std::vector<Expectation> of_plan = expectations.Read(*expect, steps.names());
    plan.expectations.insert(plan.expectations.end(), of_plan.begin(), of_plan.end());
  }
  CheckReader checks(errors_);
  if (const DocumentValue* guards = record.Find("guards")) plan.guards = checks.ReadGuards(*guards);
  if (const DocumentValue* observe = record.Find("observe")) {
    plan.observations = checks.ReadObservations(*observe, steps.names());
  }
}

std::vector<MissingFile> PlanReader::MissingFiles() const {
  std::vector<MissingFile> missing = included_.missing();
  missing.insert(missing.end(), ranges_.missing().begin(), ranges_.missing().end());
  missing.insert(missing.end(), samples_.missing().begin(), samples_.missing().end());
  return missing;
}

}  // namespace faultline
