# To be sourced after kind/versions.env: puts a Go on the path that modules of ours can be built with.
#
# Go is installed where there is none, and an older one fetches a newer one; everything is kept in Go's own caches.
# shellcheck shell=sh

if ! command -v go >/dev/null; then
    echo "tools: installing golang-go" >&2
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends golang-go >/dev/null
fi

# The first of these is an error for a Go before 1.21, which then takes the second way.
if GOTOOLCHAIN=auto go version 2>/dev/null | grep -qE ' go1\.(1[0-9]|20)([ .]|$)'; then
    archive=golang.org/toolchain@v0.0.1-go$GO_VERSION.$(go env GOOS)-$(go env GOARCH)
    # Outside of the module, whose go.mod an old Go cannot read.
    (cd / && GOFLAGS='' go mod download "$archive")
    newer=$(go env GOMODCACHE)/$archive
    # A module's files are read-only and not executable; a Go since 1.21 sees to that itself.
    chmod -R u+w,a+x "$newer/bin" "$newer/pkg/tool"
    PATH=$newer/bin:$PATH
    export GOROOT="$newer"
fi

# Programs that run wherever they are copied to, and are the same wherever they were built.
export GOTOOLCHAIN=auto CGO_ENABLED=0 GOFLAGS='-mod=readonly -trimpath -buildvcs=false'
