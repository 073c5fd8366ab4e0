#pragma once

#include "common/document/document.h"
#include "common/document/text_error.h"
#include "common/log/level.h"

namespace faultline {

// Reads `log: {level: info}` of a daemon's configuration; what it does not name stays as it is.
void ReadLog(const DocumentValue& value, LogLevel& level, TextErrors& errors);

}  // namespace faultline
