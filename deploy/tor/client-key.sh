#!/bin/sh
# Makes the key with which the inside host reaches the drop onion. Run it there, in two steps:
#   client-key.sh FOLDER           makes drop.auth, for the public host, and keeps the secret half in FOLDER
#   client-key.sh FOLDER ADDRESS   when the onion's address is known: makes drop.auth_private from the secret half
set -eu
umask 077

folder=${1:-}
address=${2:-}
if [ -z "$folder" ]; then
    echo "usage: $0 FOLDER [ADDRESS.onion]" >&2
    exit 2
fi

unpadded() { tail -c 32 | base32 | tr -d '=\n'; }

if [ -z "$address" ]; then
    if [ -e "$folder/drop.key" ] || [ -e "$folder/drop.auth_private" ]; then
        echo "$folder holds a key already: remove it first if it is to be replaced" >&2
        exit 1
    fi
    mkdir -p "$folder"
    openssl genpkey -algorithm x25519 -outform DER -out "$folder/drop.key"
    half=$(openssl pkey -inform DER -in "$folder/drop.key" -pubout -outform DER | unpadded)
    printf 'descriptor:x25519:%s\n' "$half" >"$folder/drop.auth"
    exit 0
fi

name=${address%.onion}
case "$name" in
*[!a-z2-7]*) name= ;;
esac
if [ "${#name}" -ne 56 ]; then
    echo "$address is not an onion address: 56 letters and digits, then .onion" >&2
    exit 1
fi
half=$(openssl pkey -inform DER -in "$folder/drop.key" -outform DER | unpadded)
printf '%s:descriptor:x25519:%s\n' "$name" "$half" >"$folder/drop.auth_private"
rm "$folder/drop.key"
