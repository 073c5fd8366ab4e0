#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// The plans that come with the program: files NAME.yaml of one directory.
class PlanLibrary {
 public:
  struct Entry {
    std::string name;
    // What the plan says of itself; empty when it cannot be read or says nothing.
    std::string description;
  };

  explicit PlanLibrary(std::string directory) : directory_(std::move(directory)) {}

  // That of this program: $FAULTLINE_PLANS, else ../share/faultline/plans from the program's own directory, else
  // `plans` of the checkout in whose `build` it is.
  static PlanLibrary Installed();

  const std::string& directory() const { return directory_; }
  // By name. NOT_FOUND names the directory.
  absl::StatusOr<std::vector<Entry>> List() const;
  // The text of one. NOT_FOUND suggests the nearest name, or says where they are listed.
  absl::StatusOr<std::string> Text(const std::string& name) const;

 private:
  std::string directory_;
};

// Whether a word means a plan of the library: it has no '/', does not end in ".yaml" or ".yml", and is no file.
bool IsLibraryName(const std::string& word);

// The value of the plan's top-level "description".
std::string DescriptionOf(absl::string_view text);

}  // namespace faultline
