#!/bin/sh
# Starts nginx in a container, by nginx.conf beside it with the names of compose.yaml put in. With certificate.pem and
# key.pem in /tls it speaks TLS; without them plain HTTP, which is for trying out, or behind another proxy.
set -eu

tls='s/ ssl;/;/; /^ *ssl_/d'
if [ -e /tls/certificate.pem ]; then
    tls=
fi

# A container that is made anew has another address: a name in a variable is looked up again, one in `upstream` is not.
nameserver=$(sed -n 's/^nameserver //p' /etc/resolv.conf | head -n 1)

# Pages of CUTWORK_CORS_ORIGINS ask before they read a result.
sed -E "$tls; s/^http \{/&\n    resolver $nameserver valid=5s;/" /etc/cutwork/nginx.conf | sed -E '
    s,proxy_pass http://front_ends;,set $upstream api:8000; proxy_pass http://$upstream;,
    s,proxy_pass http://store;,set $upstream seaweedfs:8333; proxy_pass http://$upstream;,
    s,\bCERTIFICATE\b,/tls/certificate.pem,
    s,\bKEY\b,/tls/key.pem,
    s,\bFRONT_END_PORT\b,8000,
    s,\bFRONT_END\b,api:8000,
    s,\bSTORE_PORT\b,9000,
    s,\bSTORE\b,seaweedfs:8333,
    s,\bPID\b,/tmp/nginx.pid,
    s,\bTEMPORARY\b,/tmp,
    s,limit_except GET \{,limit_except GET OPTIONS {,
' > /tmp/nginx.conf

exec nginx -e stderr -g 'daemon off;' -c /tmp/nginx.conf
