#pragma once

#include "common/identity/certificate.h"
#include "controller/access/role.h"

namespace faultline {

// Who is known, and who has been sent away. Any thread.
class Directory {
 public:
  virtual ~Directory() = default;
  // Of the user of this name; viewer when nothing is said of it.
  virtual Role RoleOf(const std::string& user) const = 0;
  // Whether this certificate may no longer be used, though it has not ended.
  virtual bool IsRevoked(const Identity& identity, const Certificate& certificate) const = 0;
};

}  // namespace faultline
