#!/bin/sh
# Makes the certificates of the tests, and of the examples and guides: their keys are public, so nobody may trust them.
# Valid from 2020 to 2120. Needs OpenSSL 3.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

: > "$work/index"
cat > "$work/ca.conf" << CONF
[ca]
default_ca = it
[it]
database = $work/index
rand_serial = yes
new_certs_dir = $work
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
CONF

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2> /dev/null; }

# sign <file> <subject> <extensions> <key> <from> <until> <how…>
sign() {
  openssl req -new -key "$4" -subj "/CN=$2" -out "$work/$1.csr"
  printf '%s\n' "$3" > "$work/$1.ext"
  from=$5 until=$6 file=$1
  shift 6
  openssl ca -batch -notext -config "$work/ca.conf" -startdate "$from" -enddate "$until" \
    -in "$work/$file.csr" -extfile "$work/$file.ext" -out "$file.pem" "$@" 2> /dev/null
}

# authority <file> <name>: its key is not kept.
authority() {
  key "$work/$1.key"
  sign "$1" "$2" 'basicConstraints=critical,CA:true
keyUsage=critical,keyCertSign,cRLSign' "$work/$1.key" 20200101000000Z 21200101000000Z -selfsign -keyfile "$work/$1.key"
}

# certificate <file> <name> <extensions> [<authority> [<from> <until>]]
certificate() {
  key "$1.key"
  sign "$1" "$2" "basicConstraints=CA:false
$3" "$1.key" "${5:-20200101000000Z}" "${6:-21200101000000Z}" -cert "${4:-ca}.pem" -keyfile "$work/${4:-ca}.key"
}

HERE='extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'

authority ca "@sock test authority"
authority other-ca "another test authority"

certificate localhost localhost "$HERE"
# The same names with another key: what a renewal brings.
certificate renewed localhost "$HERE"
certificate one one.example 'extendedKeyUsage=serverAuth
subjectAltName=DNS:one.example'
certificate wildcard "*.two.example" 'extendedKeyUsage=serverAuth
subjectAltName=DNS:*.two.example'
certificate client "a client" extendedKeyUsage=clientAuth
certificate stranger "a stranger" extendedKeyUsage=clientAuth other-ca
certificate expired localhost "$HERE" ca 20000101000000Z 20010101000000Z

key self-signed.key
sign self-signed localhost "$HERE" self-signed.key 20200101000000Z 21200101000000Z -selfsign -keyfile self-signed.key

# Another kind of key, and one behind a passphrase, which is "secret".
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2> /dev/null
openssl pkey -in localhost.key -aes256 -passout pass:secret -out encrypted.key

chmod 644 ./*.key
examples=../../../../docs/examples/certificates
mkdir -p "$examples"
cp ca.pem localhost.pem localhost.key client.pem client.key "$examples/"
