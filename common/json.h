#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace faultline {

// A text as JSON, in quotes. What is not UTF-8 of it becomes U+FFFD.
std::string JsonText(absl::string_view text);

// In its shortest form that is read as the same number. REQUIRES: finite.
std::string JsonNumber(double number);

// Of values that are JSON.
std::string JsonList(const std::vector<std::string>& values);

// An object that is written one field after the other, in one line. Not thread-safe.
class JsonObject {
 public:
  void AddText(absl::string_view key, absl::string_view text) { Add(key, JsonText(text)); }
  void AddNumber(absl::string_view key, double number) { Add(key, JsonNumber(number)); }
  void AddBool(absl::string_view key, bool value) { Add(key, value ? "true" : "false"); }
  // A value that is JSON.
  void Add(absl::string_view key, absl::string_view json);

  std::string text() const { return fields_ + "}"; }

 private:
  std::string fields_ = "{";
};

}  // namespace faultline
