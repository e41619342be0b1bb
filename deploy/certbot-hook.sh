#!/bin/sh
# Gives a renewed certificate to the gateway: install as /etc/letsencrypt/renewal-hooks/deploy/gateway, mode 0755.
# certbot's own files can be read by root alone, so the gateway gets copies. Each file is replaced in one step; between
# the two the gateway goes on with the pair it has.
set -eu

name=gw.seller.example                  # the certificate's name in `certbot certificates`
folder=${GATEWAY_FOLDER:-/etc/gateway}
group=${GATEWAY_GROUP:-gateway}

[ "$(basename "$RENEWED_LINEAGE")" = "$name" ] || exit 0
install -g "$group" -m 0640 "$RENEWED_LINEAGE/fullchain.pem" "$folder/cert.pem.new"
install -g "$group" -m 0640 "$RENEWED_LINEAGE/privkey.pem" "$folder/key.pem.new"
mv "$folder/cert.pem.new" "$folder/cert.pem"
mv "$folder/key.pem.new" "$folder/key.pem"
systemctl reload gateway
