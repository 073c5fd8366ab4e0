#include "common/accounts.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/file.h"

namespace faultline {
namespace {

// What stands for "no such user" in system calls.
constexpr uid_t kNobodyAtAll = static_cast<uid_t>(-1);

std::optional<uid_t> ReadNumber(absl::string_view text) {
  uid_t number = 0;
  // SimpleAtoi takes blanks and a sign.
  if (text.empty() || text.find_first_not_of("0123456789") != absl::string_view::npos) return std::nullopt;
  if (!absl::SimpleAtoi(text, &number) || number == kNobodyAtAll) return std::nullopt;
  return number;
}

}  // namespace

Accounts::Accounts(absl::string_view passwd, absl::string_view group) {
  for (const absl::string_view line : absl::StrSplit(passwd, '\n')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ':');
    if (fields.size() != 7 || fields[0].empty()) continue;
    const std::optional<uid_t> uid = ReadNumber(fields[2]);
    const std::optional<gid_t> gid = ReadNumber(fields[3]);
    if (!uid || !gid) continue;
    user_names_.try_emplace(*uid, fields[0]);
    users_.try_emplace(std::string(fields[0]), User{.uid = *uid, .gid = *gid});
  }
  for (const absl::string_view line : absl::StrSplit(group, '\n')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ':');
    if (fields.size() != 4 || fields[0].empty()) continue;
    if (const std::optional<gid_t> gid = ReadNumber(fields[2])) group_names_.try_emplace(*gid, fields[0]);
  }
}

Accounts Accounts::OfThisHost() { return {ReadFile("/etc/passwd").value_or(""), ReadFile("/etc/group").value_or("")}; }

std::optional<std::string> Accounts::UserName(uid_t uid) const {
  const auto found = user_names_.find(uid);
  return found == user_names_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> Accounts::GroupName(gid_t gid) const {
  const auto found = group_names_.find(gid);
  return found == group_names_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Accounts::User> Accounts::FindUser(absl::string_view name) const {
  const auto found = users_.find(name);
  return found == users_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace faultline
