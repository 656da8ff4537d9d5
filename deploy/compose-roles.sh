#!/bin/sh
# Run once by the database container: the role of the server, with its password, and the one of the auditors' reads.
set -eu
psql -v ON_ERROR_STOP=1 -U relay_owner -d relay -v password="$(cat /run/secrets/app_password)" <<'SQL'
create role relay_app login password :'password';
create role relay_audit;
grant relay_audit to relay_app;
SQL
