#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// An option of `faultline block`, `partition`, `impair` or `flap` that stands for one key of the plan language.
struct AdHocOption {
  // Where its key is in the plan.
  enum class Place { kFault, kFlap };
  // How its value is written in the plan.
  enum class Form {
    kValue,
    // Parted by commas; may be given more than once.
    kList,
    // "1%,10%", as --gemodel.
    kGilbertElliott,
  };

  // Without the dashes.
  const char* name;
  const char* key;
  Place place;
  Form form;
  bool required;
  // Under which title `--help` lists it.
  const char* title;
  const char* help;
};

// Those of a verb, in the order of `--help`.
std::vector<AdHocOption> AdHocOptions(absl::string_view verb);

// One fault between two groups, as a command line asks for it.
struct AdHocPlan {
  // "block", "partition", "impair" or "flap".
  std::string verb;
  // Groups, as GroupYaml reads them.
  std::string first;
  std::string second;
  // Only what `first` sends to `second`.
  bool one_way = false;
  bool security_group = false;
  // As the plan language writes it.
  std::string length;
  // By the options' names.
  std::map<std::string, std::string> options;
};

// The plan that such a command line means.
class AdHocText {
 public:
  // INVALID_ARGUMENT, in the command line's words, when a group or an option's form is wrong; all else is for the plan
  // language's reader to find.
  static absl::StatusOr<AdHocText> Write(const AdHocPlan& plan);

  const std::string& text() const { return text_; }
  // What errors call the text: "faultline block".
  const std::string& name() const { return name_; }
  // Errors in the text ("faultline block:7:12: 'ports': ...", one a line) in the command line's words ("--ports: ...").
  std::string Explain(absl::string_view errors) const;

 private:
  // Adds a line, which comes from `word` of the command line.
  void Line(absl::string_view line, absl::string_view word);
  absl::Status Options(const AdHocPlan& plan, AdHocOption::Place place);
  std::string ExplainLine(absl::string_view line) const;

  std::string verb_;
  std::string name_;
  std::string text_;
  // The word that each line comes from: "--ports".
  std::vector<std::string> origins_;
};

}  // namespace faultline
