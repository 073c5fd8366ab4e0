#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/document/document.h"
#include "common/document/text_error.h"

namespace faultline {

// The variables of a plan: "${name}" in a scalar value, never in a key, stands for one's value; "$$" for a '$'. Later
// errors about a value that was filled in name the variable. Not thread-safe.
class Variables {
 public:
  // Bytes that all values filled in may have.
  static constexpr std::size_t kMostFilled = std::size_t{1} << 20;

  // `errors` must outlive it.
  explicit Variables(TextErrors& errors) : errors_(errors) {}

  // The value of "vars": names and defaults; nothing: must be set. To be called for each text that has one, before any
  // Fill.
  void Declare(const DocumentValue& value);
  // The value of "set": values by name. After every Declare; `vars` is where the plan declares its own.
  void Set(const DocumentValue& value, SourcePosition vars);
  // Not every text with declarations is there: a variable that is not known may yet be.
  void ExpectMore() { complete_ = false; }
  // The same with all variables filled in; parts without any are shared.
  DocumentPtr Fill(const DocumentPtr& value);
  // Variables that no Fill has met are errors, and ones without a value.
  void CheckAll();
  // Of those that have one.
  std::map<std::string, std::string> Values() const;

 private:
  struct Variable {
    TextErrors::Place place;
    std::optional<std::string> value;
    bool used = false;
    // Its declaration is wrong; uses are no second error.
    bool bad = false;
  };

  DocumentPtr FillText(const DocumentPtr& value);
  DocumentPtr FillParts(const DocumentPtr& value);
  // The value of one; nothing, with an error, when there is none.
  std::optional<std::string> Take(const std::string& name, SourcePosition position);
  std::vector<std::string> Names() const;

  TextErrors& errors_;
  std::map<std::string, Variable> variables_;
  // A default names another variable, which was an error: what it names is then not unused.
  bool nested_ = false;
  // What became of lists and mappings that aliases may share.
  std::unordered_map<const DocumentValue*, DocumentPtr> filled_;
  // Keeps the keys of `filled_` alive.
  std::vector<DocumentPtr> seen_;
  std::size_t bytes_ = 0;
  bool too_many_ = false;
  bool complete_ = true;
};

}  // namespace faultline
