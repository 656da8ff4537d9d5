# mailbox/, api/ and app
target_sources(relay_server PRIVATE
    mailbox/changes.cpp mailbox/chunk_download.cpp mailbox/chunk_upload.cpp mailbox/coverage.cpp mailbox/janitor.cpp mailbox/manifest_rules.cpp
    mailbox/object_removal.cpp mailbox/object_sweep.cpp mailbox/receiving.cpp mailbox/refusal.cpp mailbox/sending.cpp mailbox/signed_word.cpp mailbox/store_guard.cpp
    app.cpp app_parts.cpp threads.cpp ops/health_client.cpp
    api/access.cpp api/audit.cpp api/audit_stream.cpp api/bundle_json.cpp api/chunks.cpp api/conditions.cpp api/event_cursor.cpp api/inbox.cpp api/inbox_list.cpp api/lasting_call.cpp api/offices.cpp
    api/outbox.cpp api/parameters.cpp api/routes.cpp api/sessions.cpp)
