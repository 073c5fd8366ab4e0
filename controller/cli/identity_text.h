#pragma once

#include <string>

#include "faultline/v1/identity.pb.h"

namespace faultline {

// Tables for people; each ends with a newline.
std::string RenderTokens(const v1::ListTokensResponse& response);
// Of nodes or of users alone.
std::string RenderIdentities(const v1::ListIdentitiesResponse& response, v1::SubjectKind kind);
// What became of a revocation of `name`.
std::string RenderRevoked(const std::string& name, const v1::RevokeResponse& response);

}  // namespace faultline
