#include "common/program/always_protected.h"

namespace faultline {

const PrefixSet& LinkLocalServices() {
  static const PrefixSet services{*Prefix::Parse("169.254.0.0/16"), *Prefix::Parse("fd00:ec2::/32")};
  return services;
}

}  // namespace faultline
