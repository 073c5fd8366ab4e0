#include "common/examination_codec.h"

namespace faultline {
namespace {

v1::Health Encode(Health health) {
  switch (health) {
    case Health::kGood:
      return v1::HEALTH_GOOD;
    case Health::kWarning:
      return v1::HEALTH_WARNING;
    case Health::kBad:
      return v1::HEALTH_BAD;
  }
  return v1::HEALTH_UNSPECIFIED;
}

Health Decode(v1::Health health) {
  if (health == v1::HEALTH_GOOD) return Health::kGood;
  return health == v1::HEALTH_BAD ? Health::kBad : Health::kWarning;
}

}  // namespace

v1::Examination EncodeExamination(const Examination& findings) {
  v1::Examination message;
  for (const Finding& finding : findings) {
    v1::Finding& out = *message.add_findings();
    out.set_subject(finding.subject);
    out.set_health(Encode(finding.health));
    out.set_detail(finding.detail);
    out.set_mend(finding.mend);
  }
  return message;
}

Examination DecodeExamination(const v1::Examination& message) {
  Examination findings;
  for (const v1::Finding& in : message.findings()) {
    findings.push_back({in.subject(), Decode(in.health()), in.detail(), in.mend()});
  }
  return findings;
}

}  // namespace faultline
