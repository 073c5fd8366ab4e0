#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/identity/certificate.h"
#include "common/identity/identity.h"

namespace faultline {

// A certificate authority in a folder: ca.crt and ca.key, and of its controller controller.crt and controller.key. All
// files are their owner's alone.

// Of the controller's first certificate: it is renewed by the controller, if that has the authority's key.
inline constexpr Duration kControllerValidity = std::chrono::hours(24 * 365);
// Of a certificate that is made here and not by the controller, unless said otherwise.
inline constexpr Duration kOfflineValidity = std::chrono::hours(24 * 90);

// Whose files are to be.
struct Account {
  uid_t user = 0;
  gid_t group = 0;
};
// The controller's own, `faultline`, where root asks and the host has it: it is to read and renew what is made for it.
std::optional<Account> ControllerAccount();

// Makes the folder and the four files, for a controller under these names and addresses, and gives them to an account,
// or to nobody else. The authority's certificate. ALREADY_EXISTS, and nothing is changed, when one of the files is
// there; INVALID_ARGUMENT for what is no host.
absl::StatusOr<Certificate> InitPki(const std::string& folder, const std::vector<std::string>& hosts, WallTime now,
                                    const std::optional<Account>& owner = ControllerAccount());

// Makes controller.crt anew, for a controller under these names and addresses, which holds instead of the one before;
// with controller.key, which is made too if it is not there. A running controller takes it up. Its certificate.
// NOT_FOUND when there is no authority; INVALID_ARGUMENT for what is no host: then nothing is changed.
absl::StatusOr<Certificate> IssueController(const std::string& folder, const std::vector<std::string>& hosts,
                                            WallTime now);

// The same, for these beside those that controller.crt is for. When it is for all of them nothing is changed. NOT_FOUND
// also when there is no controller.crt.
absl::StatusOr<Certificate> AddControllerHosts(const std::string& folder, const std::vector<std::string>& hosts,
                                               WallTime now);

// Makes NAME.crt and NAME.key for a node or a user, and a copy of ca.crt, in the folder `out`, which is made if it is
// missing. Errors as above; NOT_FOUND when there is no authority.
absl::Status IssueOffline(const std::string& folder, const Identity& identity, const std::string& out, WallTime now);

}  // namespace faultline
