#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/document/document.h"
#include "common/document/text_error.h"
#include "controller/plan/missing_file.h"

namespace faultline {

// Reads the files that a plan includes: their names under "include", their texts under "included". Not thread-safe.
class IncludedFiles {
 public:
  // `errors` must outlive it.
  explicit IncludedFiles(TextErrors& errors) : errors_(errors) {}

  // The values of the plan's "include" and "included"; the latter may be null. What is wrong in a file is an error
  // where the plan includes it.
  void Read(const DocumentValue& include, const DocumentValue* included);
  // Calls it for each file that has such a key, in order, with the key's value, while errors are in the file.
  void ForEach(absl::string_view key, const std::function<void(const DocumentPtr&)>& read);
  // Whether every file is there and could be read.
  bool complete() const { return complete_; }
  const std::vector<MissingFile>& missing() const { return missing_; }

 private:
  struct File {
    std::string name;
    SourcePosition place;
    DocumentPtr root;
  };

  void ReadFile(const DocumentValue& name, const DocumentValue* included);
  void ReadFileText(const std::string& name, SourcePosition place, const DocumentValue& text);

  TextErrors& errors_;
  std::vector<File> files_;
  std::vector<MissingFile> missing_;
  bool complete_ = true;
};

}  // namespace faultline
