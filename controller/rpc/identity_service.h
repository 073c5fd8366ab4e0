#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "controller/access/enrolment.h"
#include "controller/access/identities.h"
#include "controller/rpc/admission.h"
#include "controller/rpc/line_limit.h"
#include "faultline/v1/identity.grpc.pb.h"

namespace faultline {

// What the service works with. All must outlive the server.
struct IdentityParts {
  const Admission& admission;
  Identities& identities;
  // Null: this controller makes no certificates, and can only send away.
  Enrolment* enrolment = nullptr;
  // Ends a node's session at once, if it has one, with this reason; whether it had.
  std::function<bool(const std::string& node, const absl::Status& reason)> end_session;
};

// Admits nodes and people, and sends them away. Any thread.
class IdentityService : public v1::IdentityService::Service {
 public:
  explicit IdentityService(IdentityParts parts) : parts_(std::move(parts)) {}

  grpc::Status Enroll(grpc::ServerContext* context, const v1::EnrollRequest* request,
                      v1::EnrollResponse* response) override;
  grpc::Status Renew(grpc::ServerContext* context, const v1::RenewRequest* request,
                     v1::RenewResponse* response) override;
  grpc::Status CreateToken(grpc::ServerContext* context, const v1::CreateTokenRequest* request,
                           v1::CreateTokenResponse* response) override;
  grpc::Status ListTokens(grpc::ServerContext* context, const v1::ListTokensRequest* request,
                          v1::ListTokensResponse* response) override;
  grpc::Status RemoveToken(grpc::ServerContext* context, const v1::RemoveTokenRequest* request,
                           v1::RemoveTokenResponse* response) override;
  grpc::Status ListIdentities(grpc::ServerContext* context, const v1::ListIdentitiesRequest* request,
                              v1::ListIdentitiesResponse* response) override;
  grpc::Status Revoke(grpc::ServerContext* context, const v1::RevokeRequest* request,
                      v1::RevokeResponse* response) override;
  grpc::Status SetRole(grpc::ServerContext* context, const v1::SetRoleRequest* request,
                       v1::SetRoleResponse* response) override;

 private:
  absl::StatusOr<Admitted> Admit(const std::string& peer, const v1::EnrollRequest& request);
  // Says in both logs who was not enrolled, of those who ask again and again but some.
  void RecordNotEnrolled(const std::string& peer, const v1::EnrollRequest& request, const absl::Status& why);
  absl::StatusOr<Admitted> RenewFor(const grpc::ServerContext& context, const v1::RenewRequest& request);
  void RecordNotRenewed(const grpc::ServerContext& context, const absl::Status& why);
  absl::StatusOr<v1::CreateTokenResponse> MakeToken(const v1::CreateTokenRequest& request, const Principal& caller);

  const IdentityParts parts_;
  // Whoever has no token, or asks too soon, is not to fill the logs.
  LineLimit not_enrolled_{10, 6};
  LineLimit not_renewed_{10, 6};
};

}  // namespace faultline
