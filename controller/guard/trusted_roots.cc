#include "controller/guard/trusted_roots.h"

#include <unistd.h>

#include <cstdlib>

namespace faultline {

std::optional<std::string> TrustedRoots() {
  if (const char* const named = std::getenv("SSL_CERT_FILE")) return named;
  for (const char* const path : {
           "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu
           "/etc/pki/tls/certs/ca-bundle.crt",    // Amazon Linux, Rocky, Fedora
           "/etc/ssl/ca-bundle.pem",              // SUSE
           "/etc/ssl/cert.pem",                   // Alpine
       }) {
    if (access(path, R_OK) == 0) return path;
  }
  return std::nullopt;
}

}  // namespace faultline
