#pragma once

#include "absl/strings/string_view.h"

namespace faultline {

// What gRPC itself has to say about errors, such as handshakes that failed, is handed to `sink` from now on, from any
// thread, and no longer written to standard error.
void SendGrpcLogTo(void (*sink)(absl::string_view message));

}  // namespace faultline
