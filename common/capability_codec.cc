#include "common/capability_codec.h"

namespace faultline {

// The wire's numbers are ours, one higher.
v1::Capabilities EncodeCapabilities(const CapabilitySet& has, const Platform& platform) {
  v1::Capabilities message;
  message.set_kernel_release(platform.kernel_release);
  message.set_os_id(platform.id);
  message.set_os_like(platform.like);
  for (const Capability capability : has.ToVector()) {
    message.add_has(static_cast<v1::Capability>(static_cast<int>(capability) + 1));
  }
  return message;
}

CapabilitySet DecodeCapabilities(const v1::Capabilities& message) {
  CapabilitySet has;
  for (const int number : message.has()) {
    if (number >= 1 && number <= kCapabilityCount) has.Set(static_cast<Capability>(number - 1));
  }
  return has;
}

Platform DecodePlatform(const v1::Capabilities& message) {
  return {.id = message.os_id(), .like = message.os_like(), .kernel_release = message.kernel_release()};
}

}  // namespace faultline
