#!/usr/bin/env bash
# Builds the programs of a Kubernetes from Go modules, where no image registry and no download site is reachable:
# build-programs.sh FOLDER, which gets API server, controller manager, kubectl and etcd.
#
# Versions are those of versions.env, everything in them is fixed by the go.mod and go.sum of each folder in programs/.
# About 12 minutes on two cores; a second where all is built already.
set -euo pipefail

output=$1
mkdir -p "$output"
output=$(cd "$output" && pwd)
cd "$(dirname "$0")"
. ./versions.env
. ../tests/tools/go-toolchain.sh

# build MODULE PROGRAM PACKAGE [LINKER-FLAGS]: a module of programs/, and one of its packages.
build() {
    local module=$1 program=$2 package=$3 flags="-s -w ${4:-}" made_of total
    # What it was made of is kept beside it: another version, checksum or flag is another program.
    made_of=$({ echo "$package $flags $(go env GOOS GOARCH | tr '\n' ' ')"; cat "programs/$module"/go.*; } | sha256sum)
    if [ -x "$output/$program" ] && [ "$made_of" = "$(cat "$output/.$program.made-of" 2>/dev/null)" ]; then
        return
    fi
    echo "kind: building $program" >&2
    (
        cd "programs/$module"
        total=$(go list -deps "$package" | wc -l)
        # Under another name until it is whole, as whoever stops this halfway has none.
        go build -v -ldflags "$flags" -o "$output/.$program.part" "$package" 2>&1 |
            awk -v program="$program" -v total="$total" '
                / |:/ { print; next }
                { count++ }
                count % 200 == 0 { print "kind: " program ": compiled " count " of at most " total " packages" }' >&2
    )
    mv "$output/.$program.part" "$output/$program"
    printf '%s' "$made_of" >"$output/.$program.made-of"
}

# expect MODULE DEPENDENCY VERSION: go.mod says the same as versions.env.
expect() {
    local found
    found=$(cd "programs/$1" && go list -m -f '{{.Version}}' "$2")
    if [ "$found" != "v$3" ]; then
        echo "kind: programs/$1/go.mod has $2 $found, versions.env has v$3; run kind/pin-programs.sh" >&2
        exit 1
    fi
}

expect kubernetes k8s.io/kubernetes "$KUBERNETES_VERSION"
expect etcd go.etcd.io/etcd/server/v3 "$ETCD_VERSION"

# A program that was not told its version calls itself v0.0.0, and clients then take it for a very old one.
IFS=. read -r major minor _ <<<"$KUBERNETES_VERSION"
version_flags="-X k8s.io/component-base/version.gitVersion=v$KUBERNETES_VERSION"
version_flags+=" -X k8s.io/component-base/version.gitMajor=$major -X k8s.io/component-base/version.gitMinor=$minor"
version_flags+=" -X k8s.io/client-go/pkg/version.gitVersion=v$KUBERNETES_VERSION"

build etcd etcd go.etcd.io/etcd/server/v3
for program in kube-apiserver kube-controller-manager kubectl; do
    build kubernetes "$program" "k8s.io/kubernetes/cmd/$program" "$version_flags"
done
