#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controller/plan/plan_yaml.h"

namespace faultline {

// The plan of a text without errors.
inline Plan GoodPlan(absl::string_view text) {
  ParsedPlan parsed = ParsePlan(text);
  for (const TextError& error : parsed.errors) ADD_FAILURE() << error.ToString("plan.yaml");
  return parsed.plan;
}

// Errors as "line:column: message".
inline std::vector<std::string> PlanErrors(absl::string_view text) {
  std::vector<std::string> errors;
  for (const TextError& error : ParsePlan(text).errors) {
    errors.push_back(absl::StrCat(error.position.line, ":", error.position.column, ": ", error.message));
  }
  return errors;
}

inline PrefixSet Prefixes(std::initializer_list<const char*> texts) {
  std::vector<Prefix> prefixes;
  for (const char* text : texts) prefixes.push_back(Prefix::Parse(text).value());
  return PrefixSet(prefixes);
}

// A plan of two groups with `steps` from line 4 on, one a line.
inline std::string PlanOfSteps(const std::string& steps) {
  return absl::StrCat("name: p\ngroups: {lon: {nodes: [a]}, par: {nodes: [b]}}\nsteps:\n", steps, "\n");
}

}  // namespace faultline
