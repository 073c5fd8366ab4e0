#include "tests/measure/program.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/arguments.h"

namespace faultline::measure {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kInterrupted = 130;

struct Choice {
  bool quick = false;
  std::string json;
  // Empty: all.
  std::vector<std::string> only;

  bool Wants(const std::string& name) const {
    return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
  }
};

int Refuse(const Program& program, const std::string& why) {
  std::cerr << program.name << ": " << why << "\n";
  return kWrongUsage;
}

std::string Footer(const Program& program) {
  std::string text = "Measures:\n";
  for (const Measure& measure : program.measures) {
    absl::StrAppend(&text, "  ", measure.name, std::string(12 - strlen(measure.name), ' '), measure.what, "\n");
  }
  absl::StrAppend(&text,
                  "\nAll of it happens in network namespaces that go with the program; the host's is not touched.\n"
                  "Exit codes: 0 done, and all holds; 1 something does not, or failed; 2 wrong usage or not root.");
  return text;
}

// The helpers that make namespaces tell of failures in this way only; what they said is on standard output.
absl::StatusOr<Table> Take(const Measure& measure, bool quick) {
  absl::StatusOr<Table> table = measure.run(quick);
  if (table.ok() && ::testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed()) {
    return absl::InternalError("the set-up failed, as told above");
  }
  return table;
}

int TakeAll(const Program& program, const Choice& choice) {
  const Machine machine = ThisMachine();
  std::vector<Table> tables;
  int code = kDone;
  for (const Measure& measure : program.measures) {
    if (!choice.Wants(measure.name)) continue;
    std::cerr << program.name << ": measuring " << measure.name << "\n";
    absl::StatusOr<Table> table = Take(measure, choice.quick);
    if (absl::IsCancelled(table.status())) return kInterrupted;
    if (!table.ok()) {
      std::cerr << program.name << ": " << measure.name << ": " << table.status().message() << "\n";
      code = kFailed;
      continue;
    }
    if (program.holds && !program.holds(*table)) code = kFailed;
    std::cout << ToText(*table, machine) << std::endl;
    tables.push_back(*std::move(table));
    if (choice.json.empty()) continue;
    std::ofstream file(choice.json);
    file << ToJson(tables, machine, choice.quick) << std::flush;
    if (!file) return Refuse(program, absl::StrCat("cannot write ", choice.json));
  }
  return code;
}

}  // namespace

int RunProgram(const Program& program, int argc, const char* const* argv) {
  Choice choice;
  std::vector<std::string> names;
  for (const Measure& measure : program.measures) names.push_back(measure.name);
  CLI::App app(program.purpose, program.name);
  app.add_flag("--quick", choice.quick, "Fewer samples, for trying it out; what is chance may then not hold");
  app.add_option("--json", choice.json, "Write the same to this file, for programs");
  app.add_option("--only", choice.only, "Only this measure; may be repeated")
      ->check(CLI::IsMember(names))
      ->expected(1)
      ->take_all();
  app.footer(Footer(program));
  if (const std::optional<int> code = ParseArguments(app, argc, argv)) return *code;
  if (geteuid() != 0)
    return Refuse(program, "it measures in network namespaces of its own, which needs root: use sudo");
  // Whatever goes wrong after this, it does not happen to the host.
  if (unshare(CLONE_NEWNET) != 0) {
    return Refuse(program, absl::StrCat("cannot make a network namespace: ", strerror(errno)));
  }
  return TakeAll(program, choice);
}

}  // namespace faultline::measure
