// What static programs take of gRPC, in the place of its own lists: without xDS, load balancing, and the credentials of
// clouds a program is a fifth smaller, and names are looked up by c-ares alone, never by the host's C library. The
// linker takes these functions first, and so leaves out gRPC's own, with everything that only they call. The names
// within grpc_core are those of gRPC 1.51, in which they are no interface; CMake looks at the version.

#include <grpc/grpc_security.h>

namespace grpc_core {

class CoreConfiguration {
 public:
  class Builder;
};

}  // namespace grpc_core

namespace grpc_event_engine::experimental {

void RegisterEventEngineChannelArgPreconditioning(grpc_core::CoreConfiguration::Builder* builder);

}  // namespace grpc_event_engine::experimental

namespace grpc_core {

void RegisterHttpConnectHandshaker(CoreConfiguration::Builder* builder);
void RegisterTCPConnectHandshaker(CoreConfiguration::Builder* builder);
void RegisterPickFirstLbPolicy(CoreConfiguration::Builder* builder);
void BuildClientChannelConfiguration(CoreConfiguration::Builder* builder);
void SecurityRegisterHandshakerFactories(CoreConfiguration::Builder* builder);
void RegisterClientAuthorityFilter(CoreConfiguration::Builder* builder);
void RegisterChannelIdleFilters(CoreConfiguration::Builder* builder);
void RegisterHttpFilters(CoreConfiguration::Builder* builder);
void RegisterDeadlineFilter(CoreConfiguration::Builder* builder);
void RegisterMessageSizeFilter(CoreConfiguration::Builder* builder);
void RegisterServiceConfigChannelArgFilter(CoreConfiguration::Builder* builder);
void RegisterResourceQuota(CoreConfiguration::Builder* builder);
void RegisterAresDnsResolver(CoreConfiguration::Builder* builder);
void RegisterSockaddrResolver(CoreConfiguration::Builder* builder);
void RegisterHttpProxyMapper(CoreConfiguration::Builder* builder);
void RegisterSecurityFilters(CoreConfiguration::Builder* builder);
void RegisterBuiltins(CoreConfiguration::Builder* builder);

// The order matters: of handshakers the last registered comes first, of filters the first.
void BuildCoreConfiguration(CoreConfiguration::Builder* builder) {
  grpc_event_engine::experimental::RegisterEventEngineChannelArgPreconditioning(builder);
  RegisterHttpConnectHandshaker(builder);
  RegisterTCPConnectHandshaker(builder);
  RegisterPickFirstLbPolicy(builder);
  BuildClientChannelConfiguration(builder);
  SecurityRegisterHandshakerFactories(builder);
  RegisterClientAuthorityFilter(builder);
  RegisterChannelIdleFilters(builder);
  RegisterHttpFilters(builder);
  RegisterDeadlineFilter(builder);
  RegisterMessageSizeFilter(builder);
  RegisterServiceConfigChannelArgFilter(builder);
  RegisterResourceQuota(builder);
  RegisterAresDnsResolver(builder);
  RegisterSockaddrResolver(builder);
  RegisterHttpProxyMapper(builder);
  RegisterSecurityFilters(builder);
  RegisterBuiltins(builder);
}

}  // namespace grpc_core

// Credentials that nothing here asks for; whoever did would have none.
extern "C" {

grpc_channel_credentials* grpc_google_default_credentials_create(grpc_call_credentials*) { return nullptr; }
grpc_call_credentials* grpc_google_compute_engine_credentials_create(void*) { return nullptr; }
grpc_call_credentials* grpc_google_refresh_token_credentials_create(const char*, void*) { return nullptr; }
grpc_call_credentials* grpc_service_account_jwt_access_credentials_create(const char*, gpr_timespec, void*) {
  return nullptr;
}
grpc_call_credentials* grpc_sts_credentials_create(const grpc_sts_credentials_options*, void*) { return nullptr; }
grpc_call_credentials* grpc_external_account_credentials_create(const char*, const char*) { return nullptr; }
grpc_call_credentials* grpc_google_iam_credentials_create(const char*, const char*, void*) { return nullptr; }
grpc_call_credentials* grpc_access_token_credentials_create(const char*, void*) { return nullptr; }
grpc_channel_credentials* grpc_alts_credentials_create(const grpc_alts_credentials_options*) { return nullptr; }
grpc_server_credentials* grpc_alts_server_credentials_create(const grpc_alts_credentials_options*) { return nullptr; }
grpc_alts_credentials_options* grpc_alts_credentials_client_options_create() { return nullptr; }
grpc_alts_credentials_options* grpc_alts_credentials_server_options_create() { return nullptr; }
void grpc_alts_credentials_client_options_add_target_service_account(grpc_alts_credentials_options*, const char*) {}
void grpc_alts_credentials_options_destroy(grpc_alts_credentials_options*) {}
grpc_channel_credentials* grpc_local_credentials_create(grpc_local_connect_type) { return nullptr; }
grpc_server_credentials* grpc_local_server_credentials_create(grpc_local_connect_type) { return nullptr; }
grpc_channel_credentials* grpc_xds_credentials_create(grpc_channel_credentials*) { return nullptr; }
grpc_server_credentials* grpc_xds_server_credentials_create(grpc_server_credentials*) { return nullptr; }

}  // extern "C"
