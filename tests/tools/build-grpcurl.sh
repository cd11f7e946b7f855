#!/bin/sh
# Builds grpcurl, which the documentation's examples use and Debian does not have: build-grpcurl.sh OUTPUT
#
# Version and checksums of grpcurl and everything in it are those of go.mod and go.sum beside this script. Go is
# installed where there is none, and an older one fetches a newer one; everything is kept in Go's own caches.
set -eu

output=$1
cd "$(dirname "$0")"

# What a Go before 1.21 fetches, as it cannot do so by itself. Not older than go.mod asks for.
toolchain=go1.26.8

if ! command -v go >/dev/null; then
    echo "tools: installing golang-go" >&2
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends golang-go >/dev/null
fi

# The first of these is an error for a Go before 1.21, which then takes the second way.
if GOTOOLCHAIN=auto go version 2>/dev/null | grep -qE ' go1\.(1[0-9]|20)([ .]|$)'; then
    archive=golang.org/toolchain@v0.0.1-$toolchain.$(go env GOOS)-$(go env GOARCH)
    # Outside of the module, whose go.mod an old Go cannot read.
    (cd / && GOFLAGS='' go mod download "$archive")
    newer=$(go env GOMODCACHE)/$archive
    # A module's files are read-only and not executable; a Go since 1.21 sees to that itself.
    chmod -R u+w,a+x "$newer/bin" "$newer/pkg/tool"
    PATH=$newer/bin:$PATH
    export GOROOT="$newer"
fi

mkdir -p "$(dirname "$output")"
# The version is not in the program otherwise, as it is built as a part of this module.
version=$(GOTOOLCHAIN=auto GOFLAGS=-mod=readonly go list -m -f '{{.Version}}' github.com/fullstorydev/grpcurl)
GOTOOLCHAIN=auto CGO_ENABLED=0 go build -mod=readonly -trimpath -buildvcs=false \
    -ldflags "-s -w -X main.version=$version" -o "$output" github.com/fullstorydev/grpcurl/cmd/grpcurl
echo "tools: grpcurl $version is at $output" >&2
