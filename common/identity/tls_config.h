#pragma once

#include "common/document/document.h"
#include "common/document/text_error.h"
#include "common/identity/tls_files.h"

namespace faultline {

// Reads `tls: {ca: ..., certificate: ..., key: ...}` of a daemon's configuration; what it does not name stays as it is.
void ReadTls(const DocumentValue& value, TlsFiles& files, TextErrors& errors);

}  // namespace faultline
