#include "agent/doctor/module_table.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/file.h"

namespace faultline {
namespace {

// "kernel/net/sched/sch_netem.ko.xz" is "sch_netem"; '-' and '_' are the same to modprobe.
std::string NameOfFile(absl::string_view path) {
  absl::string_view file = path.substr(path.rfind('/') + 1);
  file = file.substr(0, file.find(".ko"));
  return absl::StrReplaceAll(file, {{"-", "_"}});
}

}  // namespace

ModuleTable ModuleTable::Parse(absl::string_view dependencies, absl::string_view built_in, absl::string_view loaded) {
  ModuleTable table;
  for (const absl::string_view line : absl::StrSplit(dependencies, '\n', absl::SkipEmpty())) {
    table.loadable_.insert(NameOfFile(line.substr(0, line.find(':'))));
  }
  for (const absl::string_view line : absl::StrSplit(built_in, '\n', absl::SkipEmpty())) {
    table.built_in_.insert(NameOfFile(line));
  }
  for (const absl::string_view line : absl::StrSplit(loaded, '\n', absl::SkipEmpty())) {
    table.loaded_.emplace(line.substr(0, line.find(' ')));
  }
  return table;
}

ModuleTable::State ModuleTable::StateOf(const std::string& module) const {
  if (loaded_.contains(module)) return State::kLoaded;
  if (built_in_.contains(module)) return State::kBuiltIn;
  return loadable_.contains(module) ? State::kLoadable : State::kAbsent;
}

ModuleTable ReadModuleTable(const std::string& kernel_release) {
  const std::string folder = absl::StrCat("/lib/modules/", kernel_release, "/");
  return ModuleTable::Parse(ReadFile(folder + "modules.dep").value_or(""),
                            ReadFile(folder + "modules.builtin").value_or(""), ReadFile("/proc/modules").value_or(""));
}

}  // namespace faultline
