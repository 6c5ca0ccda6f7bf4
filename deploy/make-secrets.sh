#!/bin/sh
# Writes deploy/secrets/: a random password for each part of compose.yaml, and the urls that have them.
# A file that is there already stays as it is, so it can be run again. Yours to put there:
# apiclient_key.pem, pub_key.pem, and api_v3_key (32 characters, set in the merchant console).
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets

put() {
  [ -s "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"
}

# Hexadecimal, because it goes into urls.
random() {
  od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

read_secret() {
  tr -d '\r\n' <"secrets/$1"
}

put api_token "$(random)"
put proof_keys "k$(date -u +%Y%m%d)-$(random | cut -c1-4):$(random)"
put postgres_password "$(random)"
put serve_password "$(random)"
put redis_password "$(random)"
put owner_url "postgres://budan:$(read_secret postgres_password)@postgres:5432/budan"
put serve_url "postgres://budan_serve:$(read_secret serve_password)@postgres:5432/budan"
put engine_url "redis://:$(read_secret redis_password)@redis:6379"

# budan runs as user id 1000 in its container, and has to read them.
if [ "$(id -u)" = 0 ]; then
  chown -R 1000:1000 secrets
elif [ "$(id -u)" != 1000 ]; then
  echo "Now run: sudo chown -R 1000:1000 $(pwd)/secrets"
fi
