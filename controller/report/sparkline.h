#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "controller/report/terminal_style.h"

namespace faultline {

// A row of bars, `columns` wide, each the greatest of an equal part of the values; what is not known stays blank. From
// 0 (or less) to `most` (or more), by height; in ASCII by digit, 0 to 9. `columns` divides the number of values.
std::string Sparkline(std::span<const std::optional<float>> values, std::size_t columns, float most,
                      const TerminalStyle& style);

}  // namespace faultline
