#pragma once

#include "common/capability.h"
#include "faultline/v1/node.pb.h"

namespace faultline {

// Wire form of what a node can do. What a newer agent has and this version does not know is passed over.
v1::Capabilities EncodeCapabilities(const CapabilitySet& has, const Platform& platform);
CapabilitySet DecodeCapabilities(const v1::Capabilities& message);
Platform DecodePlatform(const v1::Capabilities& message);

}  // namespace faultline
