#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# All tests, on a bare machine as well: installs what is missing (as root or through sudo), builds, runs them.
#
#   ./test.sh [T]       T as in make check: unit/app_url, http/rest, faults …
set -eu

cd "$(dirname "${BASH_SOURCE[0]}")"

# What a chroot may lack, and the tests cannot do without.
for place in /proc/self/stat /dev/shm/. /dev/null; do
    if [ ! -e "$place" ]; then
        echo "test.sh: $place is missing. In a chroot, mount first, from outside:
    mount -t proc proc ROOT/proc; mount --rbind /dev ROOT/dev" >&2
        exit 1
    fi
done

.ci/packages test
start=$SECONDS
make -s -j"$(nproc)" all tests
echo "Built in $((SECONDS - start)) s."
make -s check T="${1:-}"
