#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/clock.h"

namespace faultline {

// Where one side of mutual TLS keeps what it needs, each as PEM. A value.
struct TlsFiles {
  // Those whose signatures are believed; one certificate or several.
  std::string ca;
  // Its own; those between it and the CA may follow.
  std::string certificate;
  // That certificate's.
  std::string key;

  bool operator==(const TlsFiles&) const = default;
};

// What is in them.
struct TlsMaterial {
  std::string ca;
  std::string certificate;
  std::string key;
};

// Reads the three and checks that they belong together: the key is the certificate's, the CA has signed it, and at
// `now` it has begun and not ended. Errors are one line that names the file: NOT_FOUND or PERMISSION_DENIED of one that
// cannot be read, INVALID_ARGUMENT of what is in it.
absl::StatusOr<TlsMaterial> ReadTlsFiles(const TlsFiles& files, WallTime now);

}  // namespace faultline
