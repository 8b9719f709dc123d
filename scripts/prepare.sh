# What bin/hearth and bin/test share: check node, install, build; each only when it is needed.
# Everything said here goes to standard error; standard output belongs to the program.
# Expects: root (the repository), me (the name to speak under).

cache="$root/.cache"

say() { printf '%s: %s\n' "$me" "$*" >&2; }

die() {
  say "$@"
  exit 1
}

require_node() {
  command -v node >/dev/null 2>&1 ||
    die 'Node.js is not installed. Install version 20.19 or newer (https://nodejs.org, or: nvm install 22) and try again.'
  node_version=$(node --version) || die "$(command -v node) does not run; reinstall Node.js."
  local numbers=${node_version#v} major minor
  major=${numbers%%.*}
  minor=${numbers#*.}
  minor=${minor%%.*}
  if ((major < 20 || (major == 20 && minor < 19))); then
    die "needs Node.js 20.19 or newer, but $(command -v node) is $node_version. Install a newer one (https://nodejs.org, or: nvm install 22) and try again."
  fi
  command -v npm >/dev/null 2>&1 || die 'npm is not installed. It comes with Node.js (on Debian: apt-get install npm).'
}

# The lines that name what went wrong, or the last ones when none does.
excerpt() { grep -E -m 30 '(^|[^a-z])(error|ERR!|Error|E:)' "$1" || tail -n 30 "$1"; }

# step TEXT LOG HINT COMMAND...: runs the command into the log, says that it is alive, shows the log when it fails.
step() {
  local text=$1 log=$2 hint=$3 started=$SECONDS status=0 shell=$$
  shift 3
  say "$text…"
  (
    while sleep 15 >/dev/null 2>&1 && kill -0 "$shell" 2>/dev/null; do
      say "… still working ($((SECONDS - started)) s)"
    done
  ) 9>&- &
  local ticker=$!
  "$@" >"$log" 2>&1 </dev/null 9>&- &
  local child=$!
  trap 'kill "$ticker" "$child" 2>/dev/null; wait "$child" 2>/dev/null' EXIT # npm rolls back first
  trap 'exit 130' INT
  trap 'exit 143' TERM
  wait "$child" || status=$?
  trap - EXIT INT TERM
  kill "$ticker" 2>/dev/null
  wait "$ticker" 2>/dev/null
  if ((status != 0)); then
    excerpt "$log" >&2
    say "failed after $((SECONDS - started)) s (exit code $status): $*"
    say "the whole log: $log"
    die "$hint"
  fi
  say "done in $((SECONDS - started)) s"
}

install_stamp() { printf '%s %s' "$node_version" "$(cksum <"$root/package-lock.json")"; }

installed() { [ "$(cat "$root/node_modules/.hearth-installed" 2>/dev/null)" = "$(install_stamp)" ]; }

# A command for `step`, which gives it a process of its own. Native modules compile against the headers beside this node, so that nothing has to be downloaded for it.
npm_ci() {
  local prefix numbers=${node_version#v} headers=()
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  if [ -z "${npm_config_nodedir:-}" ] &&
    grep -qsE "define NODE_MAJOR_VERSION ${numbers%%.*}\$" "$prefix/include/node/node_version.h"; then
    headers=("npm_config_nodedir=$prefix")
  fi
  exec env ${headers[@]+"${headers[@]}"} npm --prefix "$root" ci --include=dev --include=optional --no-audit --no-fund --fetch-timeout=60000
}

install_dependencies() {
  if ! node "$root/scripts/installed.mjs" >/dev/null 2>&1; then
    step 'installing dependencies (about 2 minutes, once)' "$cache/install.log" \
      'npm needs to reach its registry, and on Node 20 also python3, make and a C++ compiler (on Debian: apt-get install python3 make g++). Mend that and start again.' \
      npm_ci
    node "$root/scripts/installed.mjs" >&2 || die "the installation is not usable; the log is $cache/install.log"
  fi
  install_stamp >"$root/node_modules/.hearth-installed"
}

# stale STAMP PATH...: true when a source (or a folder that lost one) is newer than the stamp.
stale() {
  local stamp=$1
  shift
  [ ! -e "$stamp" ] || [ -n "$(find "$@" -newer "$stamp" ! -name '*.test.ts' ! -name '*.test.tsx' -print -quit 2>/dev/null)" ]
}

server_sources() {
  sources=("$root"/tsconfig*.json "$root"/node_modules/.hearth-installed)
  local name
  for name in protocol client testkit server conformance; do
    sources+=("$root/packages/$name/src" "$root/packages/$name/package.json" "$root/packages/$name/tsconfig.build.json")
  done
}

web_sources() {
  sources=("$root"/node_modules/.hearth-installed "$root"/packages/web/{src,public,index.html,package.json,tsconfig.json,vite.config.ts}
    "$root"/packages/{client,protocol}/{src,package.json})
}

server_built() {
  server_sources
  [ -e "$root/packages/server/dist/program/hearth.js" ] && ! stale "$cache/built-server" "${sources[@]}"
}

web_built() {
  web_sources
  [ -e "$root/packages/web/dist/index.html" ] && ! stale "$cache/built-web" "${sources[@]}"
}

# The stamp carries the time from before the build: what changes meanwhile is built again next time.
build() {
  local name=$1 text=$2
  touch "$cache/built-$name.new"
  step "$text" "$cache/build-$name.log" 'Mend the errors above and start again.' npm --prefix "$root" run --silent "build:$name"
  mv "$cache/built-$name.new" "$cache/built-$name"
}

prepared() { installed && server_built && web_built; }

# Installs and builds what is missing. Of several starts at once one works and the others wait for it.
prepare() {
  require_node
  prepared && return 0
  mkdir -p "$cache" || die "cannot write to $root; run this once as the user who owns it."
  exec 9>"$cache/prepare.lock"
  if command -v flock >/dev/null 2>&1 && ! flock -n 9; then
    say 'another start is installing or building; waiting for it…'
    flock 9
  fi
  installed || install_dependencies
  server_built || build server 'building the server (a few seconds)'
  web_built || build web 'building the web page (a few seconds)'
  exec 9>&-
}
