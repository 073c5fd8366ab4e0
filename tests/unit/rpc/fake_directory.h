#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "controller/access/directory.h"

namespace faultline {

// What a test says of people and nodes.
class FakeDirectory : public Directory {
 public:
  Role RoleOf(const std::string& user) const override {
    const std::lock_guard lock(mutex_);
    const auto found = roles_.find(user);
    return found == roles_.end() ? Role::kViewer : found->second;
  }
  bool IsRevoked(const Identity& identity, const Certificate&) const override {
    const std::lock_guard lock(mutex_);
    return revoked_.contains(IdentityUri(identity));
  }

  void Give(const std::string& user, Role role) {
    const std::lock_guard lock(mutex_);
    roles_[user] = role;
  }
  void Revoke(const std::string& uri) {
    const std::lock_guard lock(mutex_);
    revoked_.insert(uri);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Role> roles_;
  std::set<std::string> revoked_;
};

}  // namespace faultline
