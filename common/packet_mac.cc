#include "common/packet_mac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

namespace faultline {

void PacketMac::Free::operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }

absl::StatusOr<PacketMac> PacketMac::Make(const Key& key) {
  PacketMac mac(key);
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> siphash(EVP_MAC_fetch(nullptr, "SIPHASH", nullptr),
                                                                  EVP_MAC_free);
  if (siphash != nullptr) mac.context_.reset(EVP_MAC_CTX_new(siphash.get()));
  std::size_t size = kTagSize;
  const std::array<OSSL_PARAM, 2> parameters = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                                                OSSL_PARAM_construct_end()};
  if (mac.context_ == nullptr || EVP_MAC_CTX_set_params(mac.context_.get(), parameters.data()) != 1 || !mac.Sign({})) {
    return absl::UnimplementedError("this OpenSSL has no SipHash, with which packets are signed");
  }
  return mac;
}

std::optional<PacketMac::Tag> PacketMac::Sign(std::span<const std::uint8_t> bytes) {
  EVP_MAC_CTX* const context = context_.get();
  Tag tag;
  std::size_t size = 0;
  // The key anew each time: without it OpenSSL 3.0 goes on where it ended.
  if (EVP_MAC_init(context, key_.data(), key_.size(), nullptr) != 1 ||
      EVP_MAC_update(context, bytes.data(), bytes.size()) != 1 ||
      EVP_MAC_final(context, tag.data(), &size, tag.size()) != 1 || size != tag.size()) {
    return std::nullopt;
  }
  return tag;
}

bool PacketMac::Verify(std::span<const std::uint8_t> bytes, std::span<const std::uint8_t, kTagSize> tag) {
  const std::optional<Tag> right = Sign(bytes);
  return right && CRYPTO_memcmp(right->data(), tag.data(), tag.size()) == 0;
}

}  // namespace faultline
