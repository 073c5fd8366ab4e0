#pragma once

#include <string>
#include <vector>

#include "agent/ec2/metadata_endpoint.h"
#include "common/document/document.h"
#include "common/document/text_error.h"

namespace faultline {

// `ec2` of the agent's configuration. A value.
struct Ec2Config {
  enum class NameFrom { kHost, kInstanceId, kTag };

  // `metadata: auto`; `off`: nobody is asked.
  bool ask = true;
  // `endpoint: auto | ipv4 | ipv6 | http://ADDRESS:PORT`: tried in this order.
  std::vector<MetadataEndpoint> endpoints = {MetadataEndpoint::Ipv4(), MetadataEndpoint::Ipv6()};
  // An endpoint was given: it is asked wherever this is.
  bool anywhere = false;
  // `imdsv1: allow`: also without a token, where there are none.
  bool allow_v1 = false;
  // `tags: true`: the instance's tags become labels.
  bool tags = false;
  // `name: hostname | instance-id | tag:KEY`: of a node to which the configuration gives none.
  NameFrom name = NameFrom::kHost;
  std::string name_tag;
};

// Reads `ec2`; what it does not name stays as it is.
void ReadEc2(const DocumentValue& value, Ec2Config& config, TextErrors& errors);

}  // namespace faultline
