#pragma once

#include <string>

#include "controller/access/role.h"

namespace faultline {

// Somebody who asks something of the controller, as far as that was proven. A value.
struct Principal {
  // "alice" of a certificate, "root" of the Unix socket, "schedule nightly" of the controller's own doing.
  std::string name;
  Role role = Role::kViewer;
  // Whether the controller's own list says the role (Directory), and not the host: the two may know others by one name.
  bool enrolled = false;
  // Where from, as gRPC names it: "ipv4:198.18.0.2:41522", "unix:".
  std::string from;

  bool operator==(const Principal&) const = default;
};

}  // namespace faultline
