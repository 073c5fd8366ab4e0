#include "common/identity/openssl.h"

#include <openssl/err.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace faultline {

absl::Status OpenSslError(absl::string_view what) {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  const char* const reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  return absl::InvalidArgumentError(absl::StrCat(what, reason == nullptr ? "" : ": ", reason == nullptr ? "" : reason));
}

BioPtr ReadFrom(absl::string_view text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, size > 0 ? static_cast<std::size_t>(size) : 0);
}

}  // namespace faultline
