// The ciphers that static programs know by the names that OpenSSL had before it had providers: those that TLS here
// agrees on and keys are kept with. With its own list they would have DES, RC4 and a dozen more that nothing here asks
// for, 0.2 MB. What OpenSSL's provider offers stays as it is. The name is internal to OpenSSL 1.1 to 3.x; under another
// this is not used.

#include <openssl/evp.h>

#include <initializer_list>

extern "C" {

void openssl_add_all_ciphers_int() {
  for (const EVP_CIPHER* const cipher : {EVP_aes_128_cbc(), EVP_aes_192_cbc(), EVP_aes_256_cbc(), EVP_aes_128_ctr(),
                                         EVP_aes_256_ctr(), EVP_aes_128_ecb(), EVP_aes_256_ecb(), EVP_aes_128_gcm(),
                                         EVP_aes_192_gcm(), EVP_aes_256_gcm(), EVP_chacha20_poly1305()}) {
    EVP_add_cipher(cipher);
  }
}

}  // extern "C"
