#!/bin/sh
# Builds grpcurl, which the documentation's examples use and Debian does not have: build-grpcurl.sh OUTPUT
#
# Version and checksums of grpcurl and everything in it are those of go.mod and go.sum beside this script.
set -eu

output=$1
cd "$(dirname "$0")"
. ../../kind/versions.env
. ./go-toolchain.sh

mkdir -p "$(dirname "$output")"
# The version is not in the program otherwise, as it is built as a part of this module.
version=$(go list -m -f '{{.Version}}' github.com/fullstorydev/grpcurl)
go build -ldflags "-s -w -X main.version=$version" -o "$output" github.com/fullstorydev/grpcurl/cmd/grpcurl
echo "tools: grpcurl $version is at $output" >&2
