#include "client/crypto/envelope.hpp"

#include "client/crypto/envelope_parts.hpp"
#include "client/words.hpp"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <cstdio>
#include <system_error>

namespace relay::client {
namespace {

constexpr long segment_bytes = 64L * 1024;

/// The content pieces of an envelope file as a BIO to read from.
struct SegmentSource {
    File& file;
    const std::vector<Segment>& segments;
    const Meter& meter;
    std::size_t current = 0;
    std::uint64_t done = 0; ///< of the current segment
    bool failed = false;

    static int read(BIO* bio, char* to, int size) {
        return static_cast<SegmentSource*>(BIO_get_data(bio))->next(to, size);
    }
    static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

private:
    int next(char* to, int size) {
        while (current < segments.size() && done == segments[current].size) {
            ++current;
            done = 0;
        }
        if (current == segments.size() || size <= 0) {
            return 0;
        }
        const auto& segment = segments[current];
        const auto count = std::min<std::uint64_t>(static_cast<std::uint64_t>(size), segment.size - done);
        const auto bytes = file.read_at(segment.offset + done, static_cast<std::size_t>(count));
        if (!bytes) {
            failed = true;
            return -1;
        }
        std::copy(bytes->begin(), bytes->end(), to);
        done += count;
        if (meter) {
            meter(count);
        }
        return static_cast<int>(count);
    }
};

Outcome<void> add_recipient(CMS_ContentInfo* cms, const Certificate& recipient) {
    auto* info = CMS_add1_recipient_cert(cms, recipient.get(), CMS_KEY_PARAM);
    auto* context = info != nullptr ? CMS_RecipientInfo_get0_pkey_ctx(info) : nullptr;
    const int id = EVP_PKEY_get_base_id(X509_get0_pubkey(recipient.get()));
    bool done = context != nullptr;
    if (done && id == EVP_PKEY_RSA) {
        done = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) > 0 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0;
    } else if (done && id == EVP_PKEY_EC) {
        done = EVP_PKEY_CTX_set_ecdh_kdf_md(context, EVP_sha256()) > 0;
    }
    if (!done) {
        return local_failure(words(
            "cannot encrypt for certificate {0}: {1}",
            "電子証明書 {0} では暗号化できません: {1}",
            {recipient.sha256().hex(), take_openssl_reason()}
        ));
    }
    return {};
}

Outcome<void> encrypt_into(BIO* out, const std::vector<Certificate>& recipients, const Produce& produce) {
    ERR_clear_error();
    const Handle<CMS_ContentInfo> cms(
        CMS_encrypt(nullptr, nullptr, EVP_aes_256_gcm(), CMS_BINARY | CMS_STREAM | CMS_PARTIAL)
    );
    if (!cms) {
        return local_failure(words("cannot encrypt: {0}", "暗号化できません: {0}", {take_openssl_reason()}));
    }
    for (const auto& recipient : recipients) {
        if (auto added = add_recipient(cms.get(), recipient); !added) {
            return added;
        }
    }
    BIO* const top = BIO_new_CMS(out, cms.get());
    BIO* const buffer = BIO_new(BIO_f_buffer());
    if (top == nullptr || buffer == nullptr) {
        BIO_free(buffer);
        return local_failure(words("cannot encrypt: {0}", "暗号化できません: {0}", {take_openssl_reason()}));
    }
    // Between cipher and structure: each write there becomes an OCTET STRING of its own, else one for every 4 KiB.
    BIO_set_write_buffer_size(buffer, segment_bytes);
    BIO_push(buffer, BIO_pop(top));
    BIO_push(top, buffer);
    const Sink sink = [top](protocol::BytesView bytes) {
        return bytes.empty() ||
               BIO_write(top, bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
    };
    auto produced = produce(sink);
    const bool finished = BIO_flush(top) == 1;
    for (BIO* filter = top; filter != out;) { // in front of `out`, which is not ours to free
        BIO* const below = BIO_pop(filter);
        BIO_free(filter);
        filter = below;
    }
    if (produced && !finished) {
        return local_failure(words(
            "the encrypted file cannot be written: {0}",
            "暗号化したファイルを書き込めません: {0}",
            {take_openssl_reason()}
        ));
    }
    ERR_clear_error();
    return produced;
}

bool names(CMS_RecipientInfo* info, X509* certificate) {
    switch (CMS_RecipientInfo_type(info)) {
    case CMS_RECIPINFO_TRANS:
        return CMS_RecipientInfo_ktri_cert_cmp(info, certificate) == 0;
    case CMS_RECIPINFO_AGREE: {
        auto* keys = CMS_RecipientInfo_kari_get0_reks(info);
        for (int i = 0; i < sk_CMS_RecipientEncryptedKey_num(keys); ++i) {
            if (CMS_RecipientEncryptedKey_cert_cmp(sk_CMS_RecipientEncryptedKey_value(keys, i), certificate) == 0) {
                return true;
            }
        }
        return false;
    }
    default:
        return false;
    }
}

bool is_for(CMS_ContentInfo* cms, X509* certificate) {
    auto* infos = CMS_get0_RecipientInfos(cms);
    for (int i = 0; i < sk_CMS_RecipientInfo_num(infos); ++i) {
        if (names(sk_CMS_RecipientInfo_value(infos, i), certificate)) {
            return true;
        }
    }
    return false;
}

/// Whether this key opens what the info holds, whatever certificate that one names: a certificate may be renewed with
/// the key that it had.
bool opens(CMS_ContentInfo* cms, CMS_RecipientInfo* info, EVP_PKEY* key) {
    const int kind = EVP_PKEY_get_base_id(key);
    if (CMS_RecipientInfo_type(info) == CMS_RECIPINFO_TRANS && kind == EVP_PKEY_RSA) {
        EVP_PKEY_up_ref(key); // taken by the next call, given up by the last
        CMS_RecipientInfo_set0_pkey(info, key);
        const bool opened = CMS_RecipientInfo_decrypt(cms, info) > 0;
        CMS_RecipientInfo_set0_pkey(info, nullptr);
        return opened;
    }
    bool opened = false;
    if (CMS_RecipientInfo_type(info) == CMS_RECIPINFO_AGREE && kind == EVP_PKEY_EC) {
        auto* encrypted = CMS_RecipientInfo_kari_get0_reks(info);
        for (int i = 0; !opened && i < sk_CMS_RecipientEncryptedKey_num(encrypted); ++i) {
            opened = CMS_RecipientInfo_kari_set0_pkey(info, key) == 1 &&
                     CMS_RecipientInfo_kari_decrypt(cms, info, sk_CMS_RecipientEncryptedKey_value(encrypted, i)) > 0;
            CMS_RecipientInfo_kari_set0_pkey(info, nullptr);
        }
    }
    return opened;
}

enum class ContentKey { of_named_certificate, of_another, none, damaged };

ContentKey find_content_key(CMS_ContentInfo* cms, const Keys& keys) {
    for (const auto* identity : keys.all()) {
        if (is_for(cms, identity->certificate.get())) {
            const bool opened = CMS_decrypt_set1_pkey(cms, identity->key.get(), identity->certificate.get()) == 1;
            return opened ? ContentKey::of_named_certificate : ContentKey::damaged;
        }
    }
    auto* infos = CMS_get0_RecipientInfos(cms);
    for (const auto* identity : keys.all()) {
        for (int i = 0; i < sk_CMS_RecipientInfo_num(infos); ++i) {
            if (opens(cms, sk_CMS_RecipientInfo_value(infos, i), identity->key.get())) {
                return ContentKey::of_another;
            }
        }
    }
    return ContentKey::none;
}

bool lacked_memory() {
    return ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE ||
           ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
}

/// What OpenSSL could not do with a content: for want of memory, or because of the content.
Failure blame_memory_or_content(std::string_view english, std::string_view japanese) {
    const bool memory = lacked_memory();
    auto text = words(english, japanese, {take_openssl_reason()});
    return memory ? local_failure(std::move(text)) : content_failure(std::move(text));
}

Failure encrypted_for_another() {
    Failure failure;
    failure.code = other_certificate;
    failure.text = words(
        "The bundle is encrypted for another certificate of this office. Name that one and its key with --old-cert and "
        "--old-key, and fetch again into the same folder.",
        "このデータは、この事業所の別の電子証明書で暗号化されています。その電子証明書と秘密鍵を --old-cert と "
        "--old-key "
        "で指定して、もう一度同じフォルダーへ取得してください。"
    );
    return failure;
}

/// True when all was copied and the authentication tag is good.
bool copy_content(BIO* content, BIO* out) {
    protocol::Bytes piece(16UL * 1024);
    int got = 0;
    while ((got = BIO_read(content, piece.data(), static_cast<int>(piece.size()))) > 0) {
        if (BIO_write(out, piece.data(), got) != got) {
            return false;
        }
    }
    return got == 0 && BIO_method_type(content) == BIO_TYPE_CIPHER && BIO_get_cipher_status(content) == 1;
}

/// `source`: the encrypted content, or null when the structure holds it.
Outcome<void> decrypt_into(CMS_ContentInfo* cms, BIO* source, BIO* out, const Keys& keys) {
    ERR_clear_error();
    const auto found = find_content_key(cms, keys);
    if (found == ContentKey::none) {
        ERR_clear_error();
        return encrypted_for_another();
    }
    // CMS_decrypt would hold the whole content in memory until the tag is checked; here that is what ".part" is for.
    BIO* const content = found != ContentKey::damaged ? CMS_dataInit(cms, source) : nullptr;
    const bool good = content != nullptr && copy_content(content, out);
    for (BIO* top = content; top != nullptr && top != source;) {
        BIO* const below = BIO_pop(top);
        BIO_free(top);
        top = below;
    }
    if (content == nullptr || (!good && lacked_memory())) {
        return blame_memory_or_content("the payload cannot be decrypted: {0}", "データを復号できません: {0}");
    }
    ERR_clear_error();
    if (!good && found == ContentKey::of_another) {
        return encrypted_for_another(); // a key that fits by chance proves nothing against the content
    }
    if (!good) {
        return content_failure(words(
            "the authentication tag is wrong: the content was damaged or changed before its sender signed it. Nothing "
            "was kept; ask the sender to send it again",
            "認証タグが正しくありません。内容は送信元が署名する前に壊れたか書き換えられたもので、何も保存していません。"
            "送信元に再送を依頼してください。"
        ));
    }
    return {};
}

} // namespace

Outcome<void> encrypt_to_file(const fs::path& to, const std::vector<Certificate>& recipients, const Produce& produce) {
    if (auto created = File::create(to); !created) {
        return created.error();
    }
    const Handle<BIO> out(BIO_new_file(to.c_str(), "wb"));
    if (!out) {
        return local_failure(to.string() + ": " + take_openssl_reason());
    }
    return encrypt_into(out.get(), recipients, produce);
}

Outcome<protocol::Bytes> encrypt_bytes(const std::vector<Certificate>& recipients, protocol::BytesView plain) {
    const Handle<BIO> out(BIO_new(BIO_s_mem()));
    const auto encrypted = encrypt_into(out.get(), recipients, [&](const Sink& sink) -> Outcome<void> {
        if (!sink(plain)) {
            return local_failure(words("cannot encrypt: {0}", "暗号化できません: {0}", {take_openssl_reason()}));
        }
        return {};
    });
    if (!encrypted) {
        return encrypted.error();
    }
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &data);
    return protocol::to_bytes(protocol::as_bytes(std::string_view(data, static_cast<std::size_t>(size))));
}

Keys::Keys(const Identity& own, const std::vector<Identity>& old) : all_{&own} {
    for (const auto& identity : old) {
        all_.push_back(&identity);
    }
}

Outcome<void> decrypt_file(const fs::path& from, const fs::path& to, const Keys& keys, const Meter& meter) {
    auto file = File::open_to_read(from);
    if (!file) {
        return file.error();
    }
    const auto parts = read_envelope_parts(*file);
    if (!parts) {
        return parts.error();
    }
    ERR_clear_error();
    const auto* at = parts->structure.data();
    const Handle<CMS_ContentInfo> cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(parts->structure.size())));
    if (!cms) {
        return blame_memory_or_content(
            "the payload is no readable CMS AuthEnvelopedData: {0}",
            "データをCMS（AuthEnvelopedData）として読めません: {0}"
        );
    }
    SegmentSource segments{*file, parts->segments, meter};
    const Handle<BIO_METHOD> method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "envelope content"));
    BIO_meth_set_read(method.get(), &SegmentSource::read);
    BIO_meth_set_ctrl(method.get(), &SegmentSource::control);
    const Handle<BIO> source(BIO_new(method.get()));
    BIO_set_data(source.get(), &segments);
    BIO_set_init(source.get(), 1);

    const fs::path part = to.string() + ".part";
    std::error_code error;
    fs::remove(part, error);
    if (auto created = File::create(part); !created) {
        return created.error();
    }
    Handle<BIO> out(BIO_new_file(part.c_str(), "wb"));
    if (!out) {
        return local_failure(part.string() + ": " + take_openssl_reason());
    }
    auto decrypted = decrypt_into(cms.get(), source.get(), out.get(), keys);
    std::FILE* stream = nullptr;
    BIO_get_fp(out.get(), &stream);
    // A full disk must not look like bad content, which would be refused for good.
    const bool written = BIO_flush(out.get()) == 1 && std::ferror(stream) == 0;
    out.reset();
    if (segments.failed || !written) {
        decrypted = local_failure(
            part.string() + words(
                                ": the payload cannot be read or its content not be written",
                                ": データを読めないか、中身を書き込めません"
                            )
        );
    }
    if (!decrypted) {
        fs::remove(part, error);
        return decrypted;
    }
    fs::rename(part, to, error);
    if (error) {
        return local_failure(to.string() + ": " + words_of(error));
    }
    return {};
}

Outcome<protocol::Bytes> decrypt_bytes(protocol::BytesView envelope, const Keys& keys) {
    const auto* at = envelope.data();
    const Handle<CMS_ContentInfo> cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(envelope.size())));
    if (!cms || OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_id_smime_ct_authEnvelopedData) {
        return content_failure(words(
            "no readable CMS AuthEnvelopedData: {0}",
            "CMS（AuthEnvelopedData）として読めません: {0}",
            {take_openssl_reason()}
        ));
    }
    const Handle<BIO> out(BIO_new(BIO_s_mem()));
    if (auto decrypted = decrypt_into(cms.get(), nullptr, out.get(), keys); !decrypted) {
        return decrypted.error();
    }
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &data);
    return protocol::to_bytes(protocol::as_bytes(std::string_view(data, static_cast<std::size_t>(size))));
}

} // namespace relay::client
