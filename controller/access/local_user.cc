#include "controller/access/local_user.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

constexpr std::size_t kMostBuffer = std::size_t{1} << 20;

// `call` is one of getpwuid_r's kind; an account or group that needs a larger buffer than that is not there.
template <typename Entry, typename Call, typename Take>
void LookUp(Call call, Take take) {
  for (std::vector<char> buffer(1024); buffer.size() <= kMostBuffer; buffer.resize(buffer.size() * 4)) {
    Entry entry{};
    Entry* found = nullptr;
    if (call(&entry, buffer, &found) == ERANGE) continue;
    if (found != nullptr) take(*found);
    return;
  }
}

std::string GroupName(gid_t gid) {
  std::string name;
  LookUp<group>([gid](group* entry, std::vector<char>& buffer,
                      group** found) { return getgrgid_r(gid, entry, buffer.data(), buffer.size(), found); },
                [&name](const group& found) { name = found.gr_name; });
  return name;
}

std::vector<std::string> GroupsOf(const passwd& account) {
  int count = 64;
  std::vector<gid_t> gids(static_cast<std::size_t>(count));
  while (getgrouplist(account.pw_name, account.pw_gid, gids.data(), &count) < 0 && count > 0 && count <= NGROUPS_MAX) {
    gids.resize(static_cast<std::size_t>(count));
  }
  gids.resize(std::min(gids.size(), static_cast<std::size_t>(std::max(count, 0))));
  std::vector<std::string> names;
  std::ranges::transform(gids, std::back_inserter(names), GroupName);
  return names;
}

}  // namespace

Role LocalRole(uid_t uid, uid_t own, const std::vector<std::string>& groups) {
  const auto in = [&groups](const char* group) { return std::ranges::find(groups, group) != groups.end(); };
  if (uid == 0 || uid == own || in("faultline-admin")) return Role::kAdmin;
  return in("faultline-operator") ? Role::kOperator : Role::kViewer;
}

LocalUser LookUpUser(uid_t uid) {
  LocalUser user{.uid = uid, .name = absl::StrCat("uid ", uid)};
  std::vector<std::string> groups;
  LookUp<passwd>([uid](passwd* entry, std::vector<char>& buffer,
                       passwd** found) { return getpwuid_r(uid, entry, buffer.data(), buffer.size(), found); },
                 [&user, &groups](const passwd& found) {
                   user.name = found.pw_name;
                   // Their role needs no group, and their calls must not hang where a directory service does.
                   if (!IsOwnUser(user.uid)) groups = GroupsOf(found);
                 });
  user.role = LocalRole(uid, geteuid(), groups);
  return user;
}

bool IsOwnUser(uid_t uid) { return uid == 0 || uid == geteuid(); }

}  // namespace faultline
