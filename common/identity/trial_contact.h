#pragma once

#include <cstdint>
#include <string>

#include "common/clock.h"
#include "common/identity/tls_files.h"

namespace faultline {

// Why two sides of TLS do not come together.
enum class TlsTrouble : std::uint8_t {
  kNone,
  // This side's files are not there, or are of no use.
  kFiles,
  // The other side does not speak TLS 1.3.
  kNoTls,
  // Its certificate is not of the CA that this side believes.
  kStranger,
  kEnded,
  kNotBegun,
  // It is for other names than the one that was dialled.
  kWrongName,
  // It does not want this side's certificate.
  kRefused,
};

// What came of a handshake. A value.
struct TrialContact {
  TlsTrouble trouble = TlsTrouble::kNone;
  // One line; empty of kNone.
  std::string detail;
};

// Shakes hands over a TCP connection to `host` just as an agent would, TLS 1.3 with both certificates, and says nothing
// but that; waits to learn whether the other side is content. The connection must not block; it stays the
// caller's, and is of no more use. Takes about `patience` at most.
TrialContact TryContact(int connection, const std::string& host, const TlsFiles& files, Duration patience);

}  // namespace faultline
