#pragma once

#include <string>

#include "controller/plan/plan.h"

namespace faultline {

// The nearest that AWS security groups come to a plan, as a shell script that is called with a step and "cut" or
// "undo": the AWS CLI's commands that take rules away, and those that put them back. A cut of which a command fails, or
// that is interrupted, undoes what it has done. Without arguments it only says how it is called and what of each step
// security groups cannot express. The groups' ids, and the CIDRs of groups that the plan names by node or label, are to
// be given in its environment. Whatever the plan's texts are, a shell runs none of them (ShellText).
//
// Facts of AWS's documentation: rules only allow (VPC guide, "Security group rules"); revoking a rule needs its very
// protocol, ports and source (EC2 API, RevokeSecurityGroupIngress), and takes effect with a delay that is not told
// (the same); connections that are tracked outlive the rule that let them in (EC2 guide, "Security group connection
// tracking"); a rule names ports only of TCP and UDP, and ICMPv6 is a protocol of its own (EC2 API, IpPermission); a
// group of another region cannot be a rule's source, so that sources are CIDRs here (VPC peering guide).
std::string SecurityGroupScript(const Plan& plan);

}  // namespace faultline
