// A static program has its whole C library in itself and must load none of the host's modules into that: they are made
// for the host's own. So there is nothing here to load them with, and OpenSSL does not read the host's configuration,
// which may name some.

#include <openssl/crypto.h>

extern "C" {

// Instead of the C library's. OpenSSL and SQLite, who refer to it, take nothing for "it cannot be loaded".
void* dlopen(const char*, int) { return nullptr; }

}  // extern "C"

namespace {

// The first to say so is heeded: before main, and so before gRPC.
[[maybe_unused]] const int kNoConfiguration = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);

}  // namespace
