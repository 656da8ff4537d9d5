#include "client/archive.hpp"

#include "client/words.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace relay::client {
namespace {

// libarchive asks the thread's locale how names are encoded; ours are UTF-8 whatever the terminal uses.
class Utf8Names {
public:
    Utf8Names() : ours_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)), before_(::uselocale(ours_)) {}
    ~Utf8Names() {
        ::uselocale(before_);
        if (ours_ != nullptr) {
            ::freelocale(ours_);
        }
    }
    Utf8Names(const Utf8Names&) = delete;
    Utf8Names& operator=(const Utf8Names&) = delete;

private:
    locale_t ours_;
    locale_t before_;
};

struct FreeWriter {
    void operator()(archive* a) const { archive_write_free(a); }
};
struct FreeReader {
    void operator()(archive* a) const { archive_read_free(a); }
};
struct FreeEntry {
    void operator()(archive_entry* e) const { archive_entry_free(e); }
};
using Writer = std::unique_ptr<archive, FreeWriter>;
using Reader = std::unique_ptr<archive, FreeReader>;
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

std::string reason_of(archive* a) {
    const char* text = archive_error_string(a);
    return text != nullptr ? text : "unknown reason";
}

/// The archive's bytes for libarchive. What the disk does not give is this computer's fault, not the archive's, which
/// libarchive's own words do not tell apart.
class ArchiveFile {
public:
    explicit ArchiveFile(File file) : file_(std::move(file)) {}

    static la_ssize_t read(archive*, void* self, const void** to) { return static_cast<ArchiveFile*>(self)->next(to); }
    static la_int64_t seek(archive*, void* self, la_int64_t offset, int whence) {
        return static_cast<ArchiveFile*>(self)->move(offset, whence);
    }
    [[nodiscard]] const std::optional<Failure>& failed() const noexcept { return failed_; }

private:
    la_ssize_t next(const void** to) {
        const auto got = file_.read_some_at(at_, piece_.data(), piece_.size());
        if (!got) {
            failed_ = got.error();
            return -1;
        }
        *to = piece_.data();
        at_ += *got;
        return static_cast<la_ssize_t>(*got);
    }

    la_int64_t move(la_int64_t offset, int whence) {
        const auto size = file_.size();
        if (!size) {
            failed_ = size.error();
            return ARCHIVE_FATAL;
        }
        const auto end = static_cast<la_int64_t>(*size);
        const auto from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? static_cast<la_int64_t>(at_) : end;
        if (offset < -from || offset > end - from) {
            return ARCHIVE_FATAL;
        }
        at_ = static_cast<std::uint64_t>(from + offset);
        return from + offset;
    }

    File file_;
    std::uint64_t at_ = 0;
    protocol::Bytes piece_ = protocol::Bytes(piece_bytes);
    std::optional<Failure> failed_;
};

la_ssize_t pass_on(archive*, void* sink, const void* data, std::size_t size) {
    const protocol::BytesView bytes(static_cast<const std::uint8_t*>(data), size);
    return (*static_cast<const Sink*>(sink))(bytes) ? static_cast<la_ssize_t>(size) : -1;
}

Outcome<protocol::ManifestFile> add_file(archive* writer, const fs::path& path, const Meter& meter) {
    auto file = File::open_to_read(path);
    if (!file) {
        return file.error();
    }
    const auto size = file->size();
    if (!size) {
        return size.error();
    }
    protocol::ManifestFile listed;
    listed.name = path.filename().string();
    const Entry entry(archive_entry_new());
    archive_entry_set_pathname_utf8(entry.get(), listed.name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(*size));
    if (archive_write_header(writer, entry.get()) != ARCHIVE_OK) {
        return local_failure(path.string() + ": " + reason_of(writer));
    }
    protocol::Sha256 hash;
    protocol::Bytes piece(piece_bytes);
    while (true) {
        const auto got = file->read(piece.data(), piece.size());
        if (!got) {
            return got.error();
        }
        if (*got == 0) {
            break;
        }
        hash.update(protocol::BytesView(piece).first(*got));
        listed.size += static_cast<std::int64_t>(*got);
        if (archive_write_data(writer, piece.data(), *got) < 0) {
            return local_failure(path.string() + ": " + reason_of(writer));
        }
        if (meter) {
            meter(*got);
        }
    }
    if (listed.size != static_cast<std::int64_t>(*size)) {
        return local_failure(path.string() + words(": changed while it was read", ": 読んでいる間に変わりました"));
    }
    listed.sha256 = hash.finish();
    return listed;
}

/// Copies one entry's bytes, never more than the manifest says.
Outcome<void> copy_entry(archive* reader, const protocol::ManifestFile& listed, File& to, const Meter& meter) {
    protocol::Sha256 hash;
    protocol::Bytes piece(piece_bytes);
    std::int64_t size = 0;
    while (true) {
        const auto got = archive_read_data(reader, piece.data(), piece.size());
        if (got < 0) {
            return content_failure(words("the archive is damaged: {0}", "ZIPが壊れています: {0}", {reason_of(reader)}));
        }
        if (got == 0) {
            break;
        }
        size += got;
        if (size > listed.size) {
            return content_failure(
                listed.name + words(" is longer than the manifest says", " がマニフェストの記載より長くなっています")
            );
        }
        const auto bytes = protocol::BytesView(piece).first(static_cast<std::size_t>(got));
        hash.update(bytes);
        if (auto written = to.write(bytes); !written) {
            return written;
        }
        if (meter) {
            meter(bytes.size());
        }
    }
    if (size != listed.size || hash.finish() != listed.sha256) {
        return content_failure(
            listed.name +
            words(" is not the file that the manifest tells of", " がマニフェストのファイルと一致しません")
        );
    }
    return to.sync();
}

Outcome<const protocol::ManifestFile*>
find_listed(archive_entry* entry, const std::vector<protocol::ManifestFile>& files, const std::set<std::string>& seen) {
    const char* name = archive_entry_pathname_utf8(entry);
    if (name == nullptr || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr) {
        return content_failure(
            words("the archive holds something other than plain files", "ZIPにファイル以外のものが入っています")
        );
    }
    const auto found = std::find_if(files.begin(), files.end(), [&](const auto& file) { return file.name == name; });
    if (found == files.end() || !is_safe_name(name)) {
        return content_failure(words(
            "the archive holds a file that the manifest does not list", "ZIPにマニフェストにないファイルが入っています"
        ));
    }
    if (seen.contains(found->name)) {
        return content_failure(words("the archive holds {0} twice", "ZIPに {0} が二つ入っています", {found->name}));
    }
    return &*found;
}

/// Stored or deflated, as ZIP has always been. Of the newer ways some let a few bytes ask for gigabytes of memory.
bool is_plain_compression(archive* reader) {
    const char* name = archive_format_name(reader); // "ZIP 2.0 (deflation)"
    const std::string_view method(name != nullptr ? name : "");
    return method.ends_with("(uncompressed)") || method.ends_with("(deflation)");
}

Outcome<void> extract_entries(
    archive* reader, const std::vector<protocol::ManifestFile>& files, const fs::path& folder, const Meter& meter
) {
    std::set<std::string> seen;
    archive_entry* entry = nullptr;
    int status = ARCHIVE_OK;
    while ((status = archive_read_next_header(reader, &entry)) == ARCHIVE_OK) {
        if (!is_plain_compression(reader)) {
            return content_failure(
                words("the archive is compressed in another way than deflate", "ZIPの圧縮方式がdeflateではありません")
            );
        }
        const auto listed = find_listed(entry, files, seen);
        if (!listed) {
            return listed.error();
        }
        auto file = File::create(folder / (*listed)->name);
        if (!file) {
            return file.error();
        }
        if (auto copied = copy_entry(reader, **listed, *file, meter); !copied) {
            return copied;
        }
        seen.insert((*listed)->name);
    }
    if (status != ARCHIVE_EOF) {
        return content_failure(words("the archive is damaged: {0}", "ZIPが壊れています: {0}", {reason_of(reader)}));
    }
    if (seen.size() != files.size()) {
        return content_failure(
            words("the archive lacks files that the manifest lists", "マニフェストにあるファイルがZIPにありません")
        );
    }
    return sync_folder(folder);
}

/// Before anything is written: could the archive hold that much at all, and is there room for it?
Outcome<void>
check_sizes(const fs::path& archive, const std::vector<protocol::ManifestFile>& files, const fs::path& folder) {
    // Deflate makes at most 1032 bytes out of one; who lists more wants to fill the disk.
    constexpr std::uint64_t most_growth = 1032;
    std::error_code error;
    const auto packed = fs::file_size(archive, error);
    const auto room = error ? fs::space_info{} : fs::space(folder, error);
    if (error) {
        return local_failure(archive.string() + ": " + words_of(error));
    }
    std::uint64_t left = packed * most_growth;
    std::uint64_t total = 0;
    for (const auto& file : files) {
        const auto size = static_cast<std::uint64_t>(file.size);
        if (size > left) {
            return content_failure(words(
                "the manifest lists more than the archive can hold",
                "マニフェストのファイルの大きさが、ZIPに入る大きさを超えています"
            ));
        }
        left -= size;
        total += size;
    }
    if (total > room.available) {
        return local_failure(words(
            "{0}: the disk has no room for {1} bytes",
            "{0}: ディスクの空きが足りません（{1}バイト必要）",
            {folder.string(), std::to_string(total)}
        ));
    }
    return {};
}

} // namespace

Outcome<std::vector<protocol::ManifestFile>>
write_archive(const std::vector<fs::path>& files, const Sink& sink, const Meter& meter) {
    const Utf8Names utf8_names;
    const Writer writer(archive_write_new());
    auto* sink_pointer = const_cast<Sink*>(&sink); // libarchive's callbacks take void*
    if (archive_write_set_format_zip(writer.get()) != ARCHIVE_OK ||
        archive_write_zip_set_compression_deflate(writer.get()) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(writer.get(), 1) != ARCHIVE_OK ||
        archive_write_open(writer.get(), sink_pointer, nullptr, &pass_on, nullptr) != ARCHIVE_OK) {
        return local_failure(
            words("the archive cannot be begun: {0}", "ZIPを作れません: {0}", {reason_of(writer.get())})
        );
    }
    std::vector<protocol::ManifestFile> listed;
    for (const auto& path : files) {
        auto added = add_file(writer.get(), path, meter);
        if (!added) {
            return added.error();
        }
        listed.push_back(*std::move(added));
    }
    if (archive_write_close(writer.get()) != ARCHIVE_OK) {
        return local_failure(
            words("the archive cannot be finished: {0}", "ZIPを作れません: {0}", {reason_of(writer.get())})
        );
    }
    return listed;
}

Outcome<void> extract_archive(
    const fs::path& archive,
    const std::vector<protocol::ManifestFile>& files,
    const fs::path& folder,
    const Meter& meter
) {
    if (auto checked = check_sizes(archive, files, folder); !checked) {
        return checked;
    }
    auto opened = File::open_to_read(archive);
    if (!opened) {
        return opened.error();
    }
    ArchiveFile file(*std::move(opened));
    const Utf8Names utf8_names;
    const Reader reader(archive_read_new());
    if (archive_read_support_format_zip_seekable(reader.get()) != ARCHIVE_OK) {
        return local_failure(archive.string() + ": " + reason_of(reader.get()));
    }
    archive_read_set_read_callback(reader.get(), &ArchiveFile::read);
    archive_read_set_seek_callback(reader.get(), &ArchiveFile::seek);
    archive_read_set_callback_data(reader.get(), &file);
    auto extracted =
        archive_read_open1(reader.get()) == ARCHIVE_OK
            ? extract_entries(reader.get(), files, folder, meter)
            : content_failure(
                  words("the content is no ZIP archive: {0}", "中身がZIPではありません: {0}", {reason_of(reader.get())})
              );
    if (!extracted && file.failed()) {
        return *file.failed();
    }
    if (!extracted && archive_errno(reader.get()) == ENOMEM) {
        return local_failure(extracted.error().text);
    }
    return extracted;
}

bool is_safe_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= 255 && name.front() != '.' &&
           std::none_of(name.begin(), name.end(), [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return c == '/' || c == '\\' || byte < 0x20 || byte == 0x7F;
           });
}

} // namespace relay::client
