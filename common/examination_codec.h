#pragma once

#include "common/examination.h"
#include "faultline/v1/examination.pb.h"

namespace faultline {

// Wire form of what was found on a node. A health that is not known is taken for a warning.
v1::Examination EncodeExamination(const Examination& findings);
Examination DecodeExamination(const v1::Examination& message);

}  // namespace faultline
