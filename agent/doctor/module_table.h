#pragma once

#include <set>
#include <string>

#include "absl/strings/string_view.h"

namespace faultline {

// Which of the running kernel's modules there are. A value.
class ModuleTable {
 public:
  enum class State { kLoaded, kBuiltIn, kLoadable, kAbsent };

  // The texts of /lib/modules/RELEASE/modules.dep and modules.builtin and of /proc/modules; what is malformed is passed
  // over.
  static ModuleTable Parse(absl::string_view dependencies, absl::string_view built_in, absl::string_view loaded);

  // kAbsent too of a module that was built into a kernel whose lists are not there.
  State StateOf(const std::string& module) const;
  // Whether there was any list of what can be loaded.
  bool empty() const { return loadable_.empty() && built_in_.empty(); }

 private:
  std::set<std::string> loaded_;
  std::set<std::string> built_in_;
  std::set<std::string> loadable_;
};

// What the files of this host have. Files that cannot be read are taken for empty.
ModuleTable ReadModuleTable(const std::string& kernel_release);

}  // namespace faultline
