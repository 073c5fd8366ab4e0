#pragma once

#include <optional>
#include <string>

namespace faultline {

// The file of authorities that this host trusts for HTTPS, at the place where its distribution keeps it; none when it
// has no such file. SSL_CERT_FILE names another.
std::optional<std::string> TrustedRoots();

}  // namespace faultline
