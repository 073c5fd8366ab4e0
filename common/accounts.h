#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace faultline {

// The users and groups that a host has in files of its own, passwd(5) and group(5). Those of a directory service are
// not among them: no service is asked, so nothing here can hang. A value.
class Accounts {
 public:
  struct User {
    uid_t uid = 0;
    // Its primary group.
    gid_t gid = 0;

    bool operator==(const User&) const = default;
  };

  // The texts of both files. A line that is not as it should be is passed over; of several for one number or name the
  // first counts, as for the host itself.
  Accounts(absl::string_view passwd, absl::string_view group);
  // From /etc/passwd and /etc/group as they are now; of a file that cannot be read nothing is known.
  static Accounts OfThisHost();

  std::optional<std::string> UserName(uid_t uid) const;
  std::optional<std::string> GroupName(gid_t gid) const;
  std::optional<User> FindUser(absl::string_view name) const;

 private:
  std::map<uid_t, std::string> user_names_;
  std::map<gid_t, std::string> group_names_;
  std::map<std::string, User, std::less<>> users_;
};

}  // namespace faultline
