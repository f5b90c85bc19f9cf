#!/bin/sh
# Makes the cluster, the user and the database that the environment names, and then is the server: `postgres OPTION…`.
set -eu
shift
bin=$(echo /usr/lib/postgresql/*/bin)
data=/var/lib/postgresql/data
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

install --directory --owner=postgres /run/postgresql /var/lib/postgresql
if [ ! -e "$data" ]; then
    echo "$POSTGRES_PASSWORD" > /tmp/password
    as_postgres "$bin/initdb" --pgdata="$data.new" --encoding=UTF8 --locale=C.UTF-8 --username="$POSTGRES_USER" \
        --auth-host=scram-sha-256 --auth-local=trust --pwfile=/tmp/password
    echo 'host all all all scram-sha-256' >> "$data.new/pg_hba.conf"
    as_postgres "$bin/pg_ctl" --pgdata="$data.new" --wait --options='-c listen_addresses=' start
    as_postgres "$bin/createdb" --username="$POSTGRES_USER" "$POSTGRES_DB"
    as_postgres "$bin/pg_ctl" --pgdata="$data.new" --wait stop
    mv "$data.new" "$data"
fi
exec setpriv --reuid=postgres --regid=postgres --init-groups \
    "$bin/postgres" -D "$data" -c listen_addresses='*' "$@"
