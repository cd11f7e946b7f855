#!/usr/bin/env bash
# Writes go.mod and go.sum of each folder in programs/ anew, for the versions of versions.env. Run it after raising one.
set -euo pipefail
cd "$(dirname "$0")"
. ./versions.env
. ../tests/tools/go-toolchain.sh
# It is these files that are written here.
export GOFLAGS=-mod=mod

# begin MODULE: an empty module of this name in programs/.
begin() {
    mkdir -p "programs/$1"
    cd "programs/$1"
    rm -f go.mod go.sum
    go mod init "silhouette.dev/kind/$1"
}

(
    begin kubernetes
    go mod edit -require="k8s.io/kubernetes@v$KUBERNETES_VERSION"
    # Kubernetes takes its own libraries from folders beside it, which no module has; they are published, too, with a
    # major version of 0.
    source=$(go mod download -json "k8s.io/kubernetes@v$KUBERNETES_VERSION" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    grep -oE 'k8s\.io/[a-z-]+ => \./staging' "$source/go.mod" | cut -d' ' -f1 | while read -r library; do
        go mod edit -replace="$library=$library@v0.${KUBERNETES_VERSION#*.}"
    done
    for program in kube-apiserver kube-controller-manager kubectl; do
        go mod edit -tool="k8s.io/kubernetes/cmd/$program"
    done
    go mod tidy
)
(
    # A module of its own: neither bends the other's dependencies.
    begin etcd
    go get -tool "go.etcd.io/etcd/server/v3@v$ETCD_VERSION"
    go mod tidy
)
