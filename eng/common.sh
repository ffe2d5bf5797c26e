# shellcheck shell=bash
# Shared by the commands of ./orchestrator. $root is the repository.
# shellcheck disable=SC2154 # root is set by who sources this

# shellcheck disable=SC2034 # used by the commands
default_data=${XDG_DATA_HOME:-${HOME:-$root}/.local/share}/orchestrator

say() { printf 'orchestrator: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
have() { command -v "$1" > /dev/null 2>&1; }

# Runs a command with a time limit in seconds; macOS has perl but no timeout.
within() {
  local seconds=$1
  shift
  if have timeout; then timeout "$seconds" "$@"; else perl -e 'alarm shift; exec @ARGV' "$seconds" "$@"; fi
}

# Finds the SDK that global.json asks for, also in the install script's default folder.
need_sdk() {
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
  have dotnet || PATH=$PATH:${HOME:-}/.dotnet
  have dotnet || fail "the .NET 10 SDK is missing; get it at https://dot.net, then try again"
  local said
  said=$(cd "$root" && dotnet --version 2>&1) && return
  case $said in
    *"SDK was not found"*) fail "needs the .NET SDK $(wanted_sdk) or a later 10.0 one, but there is only: $(installed_sdks); get it at https://dot.net" ;;
    *) fail "dotnet does not start: $said" ;;
  esac
}

wanted_sdk() { sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' "$root/global.json"; }
installed_sdks() { dotnet --list-sdks 2> /dev/null | sed 's/ .*//' | paste -sd ' ' - | grep . || echo "none"; }

# Publishes the program of up, compiled ahead of time, so that it starts in two thirds of the time. Where the feed has no
# such compiler for this machine, it is compiled at start as usual.
publish() { # PROJECT [FOLDER]
  need_sdk
  local output=$root/artifacts/orchestrator log
  log=$(mktemp)
  set -- publish "$root/$1" -c Release --use-current-runtime --no-self-contained -v quiet -nologo \
    -o "$output/${2:-app}" --artifacts-path "$output/build" -p:RunAnalyzers=false
  say "building Orchestrator"
  dotnet "$@" -p:PublishReadyToRun=true > "$log" 2>&1 || dotnet "$@" >&2 || fail "the build failed; see above"
  rm -f "$log"
}

# Prints the newest program built by up or by build.
program() {
  local published=$root/artifacts/orchestrator/app/Orchestrator.Api.dll built=$root/Orchestrator.Api/bin/Release/net10.0/Orchestrator.Api.dll
  if [ -f "$published" ] && [ ! "$built" -nt "$published" ]; then
    printf '%s' "$published"
  elif [ -f "$built" ]; then
    printf '%s' "$built"
  else
    fail "there is no build yet; run without --no-build"
  fi
}

# Prints the engine's version if one answers within five seconds; where the docker command can't, through its address.
engine_version() {
  local host=${DOCKER_HOST:-unix:///var/run/docker.sock}
  case $host in
    http://* | https://*) set -- "$host/version" ;;
    unix://*) set -- --unix-socket "${host#unix://}" http://engine/version ;;
    *) set -- ;;
  esac
  if have docker && [ "${host#http}" = "$host" ]; then
    within 5 docker version --format '{{.Server.Version}}' 2> /dev/null
  elif have curl && [ $# -gt 0 ]; then
    curl -fsS -m 5 "$@" 2> /dev/null | sed -n 's/.*"Version":"\([^"]*\)","ApiVersion".*/\1/p' | grep .
  else
    return 1
  fi
}
engine_answers() { engine_version > /dev/null; }

port_in_use() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }

need_free_port() { # VARIABLE PORT
  case $2 in *[!0-9]* | "") fail "$1 is '$2', not a port" ;; esac
  ! port_in_use "$2" || fail "port $2 is in use; stop what listens there, or choose another: $1=$(($2 + 10000)) ./orchestrator up"
}

# Prints the process of the orchestrator that runs on a data folder, if any. The file may be left from an earlier one.
running_pid() { pid_in "$1/orchestrator.pid" '*Orchestrator.Api*'; }
apphost_pid() { pid_in "$1/apphost.pid" '*Orchestrator.AppHost*'; }
pid_in() { # FILE PATTERN-OF-ITS-COMMAND
  local pid
  pid=$(head -c 20 "$1" 2> /dev/null | tr -cd 0-9) || true
  # shellcheck disable=SC2254 # it is a pattern
  case $pid:$(ps -o args= -p "${pid:-0}" 2> /dev/null || true) in $2) printf '%s' "$pid" ;; esac
}
