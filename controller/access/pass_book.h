#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "controller/access/local_user.h"

namespace faultline {

// The passes of users of this host: whoever shows one is the user that it was given to. Any thread.
class PassBook {
 public:
  // A user's pass is renewed this long after it was made, and no longer good after twice that.
  static constexpr Duration kRenewAfter = std::chrono::hours(1);
  // Users remembered, each role of a user by itself; beyond that the one that has not asked for longest has to ask
  // again.
  static constexpr std::size_t kMostUsers = 1000;

  explicit PassBook(const Clock& clock) : clock_(clock) {}

  // The user's pass: "UID." and 128 random bits in hexadecimal digits. Processes of one user may have different roles,
  // by the groups they are in, and so each role has a pass of its own.
  std::string Issue(const LocalUser& user);

  // Whose pass it is; none when it is nobody's, or no longer good. As long whichever digits are wrong.
  std::optional<LocalUser> HolderOf(absl::string_view pass) const;

 private:
  struct Pass {
    std::string secret;
    MonotonicTime made;
  };
  struct Entry {
    LocalUser user;
    Pass pass;
    // The one before, good for who has it still.
    Pass former;
    MonotonicTime asked;
  };

  void Forget();

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::pair<uid_t, Role>, Entry> entries_;
};

}  // namespace faultline
