#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/identity/tls_files.h"

namespace faultline {

// A controller that a person has logged in to.
struct Context {
  std::string name;
  // "HOST:PORT".
  std::string controller;
  TlsFiles tls;
};

// The controllers that a person has logged in to: a folder each, under contexts/ in a folder of the person's own, with
// the files `controller`, ca.crt, user.crt and user.key; the file `current` there names the one that is used. Errors
// name the file.
class ContextBook {
 public:
  // $XDG_CONFIG_HOME/faultline or ~/.config/faultline; "" when neither variable is set.
  static std::string DefaultFolder();

  explicit ContextBook(std::string folder) : folder_(std::move(folder)) {}

  // By name; those that are whole.
  std::vector<std::string> List() const;
  // INVALID_ARGUMENT when the name is none, NOT_FOUND with the names that there are.
  absl::StatusOr<Context> Get(const std::string& name) const;
  // The name of the one that is used; none when nothing was said. It may have been removed since.
  absl::StatusOr<std::optional<std::string>> Current() const;
  // NOT_FOUND as Get.
  absl::Status Use(const std::string& name) const;
  // What a login has given; over an older state of it.
  absl::Status Save(const std::string& name, const std::string& controller, const TlsMaterial& material) const;

 private:
  std::string FolderOf(const std::string& name) const { return folder_ + "/contexts/" + name; }

  const std::string folder_;
};

}  // namespace faultline
