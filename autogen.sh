#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Makes ./configure and what it needs from the sources in git. Needs autoconf, automake and pkg-config.
set -e
cd "$(dirname "$0")"
for tool in autoreconf automake pkg-config; do
	command -v "$tool" >/dev/null || {
		echo "autogen.sh: $tool is missing: apt-get install autoconf automake pkg-config" >&2
		exit 1
	}
done
exec autoreconf --force --install --warnings=all
