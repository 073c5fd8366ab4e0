#include "controller/access/local_user.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace faultline {

Role LocalRole(uid_t uid, uid_t own, const std::vector<std::string>& groups) {
  const auto in = [&groups](const char* group) { return std::ranges::find(groups, group) != groups.end(); };
  if (uid == 0 || uid == own || in("faultline-admin")) return Role::kAdmin;
  return in("faultline-operator") ? Role::kOperator : Role::kViewer;
}

LocalUser UserOf(const SocketPeer& peer, const Accounts& accounts, uid_t own) {
  std::vector<std::string> groups;
  for (const gid_t gid : peer.groups) {
    if (std::optional<std::string> name = accounts.GroupName(gid)) groups.push_back(*std::move(name));
  }
  return {.uid = peer.uid,
          .name = accounts.UserName(peer.uid).value_or(absl::StrCat("uid ", peer.uid)),
          .role = LocalRole(peer.uid, own, groups)};
}

bool IsOwnUser(uid_t uid) { return uid == 0 || uid == geteuid(); }

}  // namespace faultline
