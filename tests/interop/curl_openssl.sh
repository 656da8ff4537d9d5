#!/bin/bash
# An office's day with stock curl and the openssl command line alone, as docs/protocol.md says: sign in, look the recipient
# up, encrypt, sign, send (whole, and in chunks), poll, claim, download (with a resumed range), decrypt, confirm, sign out.
# python3 reads JSON and packs ZIPs; nothing of ours but the server and its operations tool takes part.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${RELAY_BIN:-$root/build/release/bin}
A=2670100011
B=2670100029

fail() { printf 'curl_openssl: %s\n' "$*" >&2; exit 1; }
tell() { printf -- '-- %s\n' "$*"; }

work=$(mktemp -d /tmp/relay-curl-XXXXXX)
chmod 755 "$work"
clean_up() {
    local status=$?
    "$root/deploy/embedded" down "$work/stack" >/dev/null || status=1
    if grep -aqE 'ERROR: (Address|Leak|Thread)Sanitizer|runtime error:' "$work/stack/relay.log"; then
        tail -c 6000 "$work/stack/relay.log" >&2
        status=1
    fi
    rm -rf "$work"
    exit $status
}
trap clean_up EXIT
cd "$work"

RELAY_BIN=$bin "$root/deploy/embedded" up "$work/stack" >up
url=$(sed -n 's/^ready //p' up)
ctl() { "$bin/relayctl" --config "$work/stack/relay.toml" "$@" >/dev/null; }
member() { python3 -c 'import functools, json, sys
print(functools.reduce(lambda value, key: value[int(key) if key.isdigit() else key], sys.argv[1:], json.load(sys.stdin)))' "$@"; }
new_id() { cat /proc/sys/kernel/random/uuid; }
sha256() { openssl dgst -sha256 -r "$1" | cut -d' ' -f1; }
now() { date +%Y-%m-%dT%H:%M:%S%:z; }

# curl of one office; what is refused goes to standard output and fails.
call() {
    local who=$1 method=$2 path=$3
    shift 3
    curl --silent --show-error --fail-with-body --max-time 60 --cacert stack/ca.pem --cert "$who.pem" --key "$who.key" \
        -X "$method" ${token[$who]:+-H "Authorization: Bearer ${token[$who]}"} "$@" "$url$path"
}
# The code of the problem that a call is refused with.
refusal() { local body; if body=$(call "$@" 2>/dev/null); then fail "was not refused: $*"; fi; member code <<<"$body"; }
declare -A token=()

for office in "a $A KJ000000000001 p256" "b $B KJ000000000002 rsa2048"; do
    read -r who number user key_type <<<"$office"
    ctl office add "$number" --name "office $who"
    ctl licence grant "$number" --from "$(date -d yesterday +%F)" --until "$(date -d 'next year' +%F)"
    ctl user add "$user" --office "$number" --password-stdin <<<'Kaigo2026a'
    ctl certificate issue "$user" --out "$work/$who" --key-type "$key_type"
    token[$who]=$(call "$who" POST /v1/sessions -H 'Content-Type: application/json' \
        --data "{\"user_id\":\"$user\",\"password\":\"Kaigo2026a\",\"client\":{\"name\":\"curl\",\"version\":\"7.88\"}}" | member token)
done

# encrypt NUMBER IN OUT: for every certificate that the directory gives for the office, once the relay's CA vouches for it.
encrypt() {
    call a GET "/v1/offices/$1" | member certificates 0 pem >recipient.pem
    openssl verify -CAfile stack/ca.pem recipient.pem >/dev/null
    openssl cms -encrypt -aes-256-gcm -binary -outform DER -in "$2" -out "$3" -recip recipient.pem -keyopt rsa_padding_mode:oaep
}
sign() { openssl cms -sign -cades -nodetach -binary -outform DER -signer "$1.pem" -inkey "$1.key" -in "$2" | openssl base64 -A; }

# manifest ID FILE CHUNK_SIZE: of one plain file, whose payload is payload.der.
manifest() {
    local size chunks
    size=$(stat -c %s payload.der)
    rm -f chunk-*
    split -b "$3" -d -a 3 payload.der chunk-
    chunks=$(for chunk in chunk-*; do printf '"%s",' "$(sha256 "$chunk")"; done)
    printf '{"version":1,"bundle_id":"%s","sender":"%s","recipient":"%s","created_at":"%s","files":[{"name":"%s","size":%d,"sha256":"%s"}],"payload":{"size":%d,"chunk_size":%d,"chunks":[%s]}}' \
        "$1" $A $B "$(now)" "$2" "$(stat -c %s "$2")" "$(sha256 "$2")" "$size" "$3" "${chunks%,}" >manifest.json
}
pack() { rm -f payload.zip && python3 -m zipfile -c payload.zip "$1" && encrypt $B payload.zip payload.der; }
confirm() { # ID CLAIM_ID MANIFEST
    printf '{"version":1,"bundle_id":"%s","claim_id":"%s","outcome":"stored","manifest_sha256":"%s","at":"%s"}' "$1" "$2" "$(sha256 "$3")" "$(now)" >receipt.json
    call b POST "/v1/inbox/$1/receipt" -H 'Content-Type: application/json' --data "{\"signed_receipt\":\"$(sign b receipt.json)\"}" | member state
}
signed_by_a() { # base64 of a signed manifest on standard input → the manifest, checked
    openssl base64 -d -A | openssl cms -verify -inform DER -CAfile stack/ca.pem -purpose any -cades -out checked.json 2>/dev/null || fail "the sender's signature"
    cmp -s checked.json manifest.json || fail "not the manifest that was sent"
}
opened() { # payload file, plain file
    rm -rf out && mkdir out
    openssl cms -decrypt -inform DER -in "$1" -recip b.pem -inkey b.key -out received.zip
    python3 -m zipfile -e received.zip out
    cmp -s "out/$2" "$2" || fail "$2 arrived changed"
}

tell "a small bundle, whole"
head -c 20000 /dev/urandom >plan.pdf
pack plan.pdf
first=$(new_id)
manifest "$first" plan.pdf "$(stat -c %s payload.der)"
printf '{"signed_manifest":"%s","payload":"%s"}' "$(sign a manifest.json)" "$(openssl base64 -A -in payload.der)" >body.json
[ "$(call a PUT "/v1/outbox/$first" -H 'Content-Type: application/json' --data-binary @body.json | member state)" = waiting ] || fail "not accepted"
[ "$(call b GET '/v1/inbox?wait=30' | member bundles 0 bundle_id)" = "$first" ] || fail "not in the inbox"
claim=$(new_id)
call b POST "/v1/inbox/$first/claim" -H 'Content-Type: application/json' --data "{\"claim_id\":\"$claim\"}" >claim.json
member signed_manifest <claim.json | signed_by_a
member payload <claim.json | openssl base64 -d -A >received.der
opened received.der plan.pdf
[ "$(confirm "$first" "$claim" manifest.json)" = fetched ] || fail "not fetched"
[ "$(refusal b POST "/v1/inbox/$first/claim" -H 'Content-Type: application/json' --data "{\"claim_id\":\"$(new_id)\"}")" = already_fetched ] ||
    fail "a second download"

tell "the sender keeps the recipient's own signed word"
call a GET "/v1/outbox/$first" | member signed_receipt | openssl base64 -d -A |
    openssl cms -verify -inform DER -CAfile stack/ca.pem -purpose any -cades -out word.json 2>/dev/null
cmp -s word.json receipt.json || fail "another receipt"

tell "a larger one in chunks, read back with a resumed range"
head -c 500000 /dev/urandom >scan.jpg
pack scan.jpg
second=$(new_id)
manifest "$second" scan.jpg 131072
printf '{"signed_manifest":"%s"}' "$(sign a manifest.json)" >body.json
call a PUT "/v1/outbox/$second" -H 'Content-Type: application/json' --data-binary @body.json >answer.json
count=$(python3 -c 'import json; print(len(json.load(open("answer.json"))["missing_chunks"]))')
[ "$count" = "$(ls chunk-* | wc -l)" ] || fail "missing_chunks"
for chunk in $(ls -r chunk-*); do
    call a PUT "/v1/outbox/$second/chunks/$((10#${chunk#chunk-}))" -H 'Content-Type: application/octet-stream' --data-binary "@$chunk" >answer.json
done
[ "$(member state <answer.json)" = waiting ] || fail "the last chunk did not complete it"
claim=$(new_id)
call b POST "/v1/inbox/$second/claim" -H 'Content-Type: application/json' --data "{\"claim_id\":\"$claim\"}" | member signed_manifest | signed_by_a
: >received.der
for ((n = 0; n < count; n++)); do
    call b GET "/v1/inbox/$second/chunks/$n" -H "Relay-Claim: $claim" -r 0-9999 -o part
    call b GET "/v1/inbox/$second/chunks/$n" -H "Relay-Claim: $claim" -C - -o part
    cmp -s part "$(printf 'chunk-%03d' "$n")" || fail "chunk $n arrived changed"
    cat part >>received.der
done
opened received.der scan.jpg
[ "$(confirm "$second" "$claim" manifest.json)" = fetched ] || fail "not fetched"

tell "without the certificate there is no answer; after signing out there is a refusal"
! curl --silent --max-time 20 --cacert stack/ca.pem "$url/v1/inbox" || fail "an answer without a client certificate"
call b DELETE /v1/sessions/current
[ "$(refusal b GET /v1/inbox)" = session_expired ] || fail "the token outlived its session"
tell "good"
