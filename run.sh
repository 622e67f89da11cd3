#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds mod_app and runs it on real data: the Debian packages that this machine's apt knows.
# Installs what is missing (as root or through sudo), stays in the foreground, stops at Ctrl-C.
set -eu

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
build=$source_dir/build
address=127.0.0.1
port=${APP_PORT:-8080}
demo=${APP_DEMO:-}
user=${APP_USER:-www-data}
fresh=no
launcher=()

usage()
{
    cat <<TEXT
use: ./run.sh [--port PORT] [--dir FOLDER] [--fresh]

  --port PORT    listen there on $address (default 8080; also from APP_PORT)
  --dir FOLDER   where database, token and logs are kept (default ./demo; also from APP_DEMO)
  --fresh        make the database and the token anew

As root, httpd's children run as $user (another one from APP_USER).
TEXT
}

fail()
{
    echo "run.sh: $*" >&2
    exit 1
}

options()
{
    while [ $# -gt 0 ]; do
        case $1 in
        --port=* | --dir=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
        --port | --dir) [ $# -gt 1 ] || fail "$1 needs a value, see ./run.sh --help" ;;
        esac
        case $1 in
        --port) port=$2 && shift ;;
        --dir) demo=$2 && shift ;;
        --fresh) fresh=yes ;;
        -h | --help) usage && exit ;;
        *) fail "unknown option '$1', see ./run.sh --help" ;;
        esac
        shift
    done
    [[ $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65535 ]] || fail "'$port' is not a port: 1 to 65535"
    if [ -n "$demo" ]; then
        mkdir -p "$demo" && demo=$(cd "$demo" && pwd -P)
    fi
}

is_root()
{
    [ "$(id -u)" = 0 ]
}

check_port()
{
    if (exec 3<>"/dev/tcp/$address/$port") 2>/dev/null; then
        fail "port $port of $address is in use. Take another one: ./run.sh --port $((port % 65535 + 1))"
    fi
}

# Whether httpd's children, which are not root, can get at a folder.
reachable()
{
    ! is_root || setpriv --reuid "$user" --regid "$group" --clear-groups test -x "$1/." 2>/dev/null
}

# A clone in /root is the usual case for which the children need another place.
choose_folder()
{
    if is_root; then
        group=$(id -gn "$user" 2>/dev/null) ||
            fail "there is no user '$user' for httpd's children. Name one: APP_USER=nobody ./run.sh"
    else
        user=$(id -un) group=$(id -gn)
    fi
    if [ -z "$demo" ]; then
        demo=$source_dir/demo
        reachable "$source_dir" || demo=/var/lib/mod_app-demo
    fi
    mkdir -p "$demo"/{data,htdocs,log,run} 2>/dev/null || :
    [ -w "$demo/data" ] ||
        fail "cannot write to '$demo'. If it belongs to root, use sudo, or another folder: --dir FOLDER"
    reachable "$demo" ||
        fail "the user $user, as which httpd's children run, cannot enter '$demo'. Take another --dir"
    exec 9>"$demo/run/lock"
    flock -n 9 || fail "the sample runs already in '$demo'. Stop it, or take another one: --dir FOLDER"
}

build()
{
    echo "Building ..."
    make -s -C "$source_dir" BUILD="$build" -j"$(nproc)" || fail "the build failed, see above"
}

# Rows are made beside the database and moved into its place when they are complete.
make_database()
{
    local made=$demo/run/made start=$SECONDS
    echo "Making the database of Debian packages ..."
    enough_packages
    rm -rf "$made"
    mkdir "$made"
    "$source_dir/sql/sample/import.sh" csv "$made"
    "$source_dir/sql/sample/import.sh" sqlite "$made" "$made/packages.db"
    migrate "$made/packages.db"
    sqlite3 -bail "$made/packages.db" <"$source_dir/sql/sample/grants-sqlite.sql"
    rm -f "$demo/data/packages.db"*
    mv "$made/packages.db"* "$demo/data/"
    rm -rf "$made"
    recipe >"$demo/run/recipe"
    echo "Made in $((SECONDS - start)) s."
}

# Where package lists were never fetched, apt knows only what is installed.
enough_packages()
{
    [ "$(apt-cache pkgnames | wc -l)" -gt 10000 ] && return
    if is_root; then
        apt-get -q update || echo "apt-get update failed: going on with what apt knows" >&2
    else
        echo "apt knows few packages here. For all of them: sudo apt-get update && ./run.sh --fresh" >&2
    fi
}

recipe()
{
    cat "$source_dir"/sql/sample/* | cksum
}

migrate()
{
    APP_DATABASE=sqlite:$1 "$build/appctl" -f "$source_dir/conf/sample.conf" \
        migrate up --dir "$source_dir/sql/sqlite" >/dev/null ||
        fail "the migrations of '$1' failed, see above"
}

database()
{
    if [ $fresh = yes ] || [ ! -e "$demo/data/packages.db" ]; then
        make_database
    else
        migrate "$demo/data/packages.db"
        [ "$(recipe)" = "$(cat "$demo/run/recipe" 2>/dev/null)" ] ||
            echo "The database was made by another version of the sample: ./run.sh --fresh makes it anew."
    fi
    count=$(sqlite3 "$demo/data/packages.db" 'SELECT printf("%,d", count(*)) FROM packages')
    if is_root; then
        chown -R "$user:$group" "$demo/data"
    fi
}

# A token (RFC 7519, HS256) for the role that may write. Good for a day; each start makes one. The secret reaches
# perl through a file, since the words of a command can be read by every user of the machine.
make_token()
{
    if [ $fresh = yes ] || [ ! -s "$demo/secret" ]; then
        (umask 077 && head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$demo/secret")
    fi
    (umask 077 && perl -MDigest::SHA=hmac_sha256 -MMIME::Base64=encode_base64url -e '
        my $secret = <STDIN>;
        my $text = join ".", map { encode_base64url($_) } q({"alg":"HS256","typ":"JWT"}),
            sprintf q({"role":"editor","exp":%d}), time + 86400;
        print "$text.", encode_base64url(hmac_sha256($text, $secret)), "\n"
    ' <"$demo/secret" >"$demo/token")
}

# What conf/sample.conf reads.
variables()
{
    export APP_SOURCE=$source_dir APP_BUILD=$build APP_DEMO=$demo APP_ADDRESS=$address
    export APP_PORT=$port APP_USER=$user APP_GROUP=$group APP_DATABASE=sqlite:$demo/data/packages.db
    APP_MODULES=$(apxs -q LIBEXECDIR)
    export APP_MODULES
}

collections()
{
    "$build/appctl" -f "$source_dir/conf/sample.conf" search apply >/dev/null ||
        fail "what the packages are searched by could not be made, see above"
}

httpd()
{
    local as=()
    is_root && as=(-DAPP_ROOT)
    "${launcher[@]}" "$(apxs -q SBINDIR)/$(apxs -q PROGNAME)" -f "$source_dir/conf/sample.conf" \
        "${as[@]}" "$@"
}

# In a process group of its own, so that Ctrl-C reaches this script alone and httpd is stopped in order; and
# should this script be killed, the kernel tells httpd to stop.
start()
{
    cp "$source_dir"/htdocs/* "$demo/htdocs/"
    chmod a+r "$demo"/htdocs/*
    launcher=()
    httpd -t 2>"$demo/run/configtest" || fail "httpd refuses its configuration:
$(cat "$demo/run/configtest")"
    : >>"$demo/log/error.log"
    logged=$(wc -c <"$demo/log/error.log")
    launcher=(exec setpriv --pdeathsig TERM)
    set -m
    (httpd -DFOREGROUND) </dev/null 9>&- &
    pid=$!
    set +m
    trap stop INT TERM HUP
    trap 'kill -TERM $pid 2>/dev/null || :' EXIT
}

stop()
{
    trap '' INT TERM HUP
    echo "Stopping ..."
    kill -TERM "$pid" 2>/dev/null
    wait "$pid" || :
    trap - EXIT
    exit 0
}

await()
{
    local tries=100
    until curl -fsS -o /dev/null "http://$address:$port/health/live" 2>/dev/null; do
        if [ $((tries -= 1)) -le 0 ] || ! kill -0 "$pid" 2>/dev/null; then
            fail "httpd did not start:
$(tail -c +$((logged + 1)) "$demo/log/error.log" | tail -n 20)"
        fi
        sleep 0.1
    done
}

invite()
{
    local url=http://$address:$port
    cat <<TEXT

$count Debian packages are served. Open

  $url/                a page that searches them
  $url/health          how it is
  $url/status          what it is
  $url/metrics         what was counted

or ask, for the biggest packages of the section "net":

  curl '$url/api/packages?section=eq.net&installed_size=gt.10000&select=name,version,summary&order=installed_size.desc&limit=5'

who maintains curl, and what it depends on:

  curl '$url/api/packages?name=eq.curl&select=name,version,maintainer:maintainers(name,email),depends:dependencies!package_id(...packages!depends_on_id(name,version))'

how many packages a section has, and how big they are:

  curl '$url/api/packages?section=in.(editors,net,web)&select=section,count(),installed_size.sum()'

what people find who type "web server -apache":

  curl '$url/api/search/packages?q=web+server+-apache&select=name,summary&limit=5'

or, with the token in $demo/token, write one:

  curl '$url/api/packages?select=id,name' -H "Authorization: Bearer \$(cat '$demo/token')" \\
       -H 'Content-Type: application/json' -H 'Prefer: return=representation' \\
       -d '{"name":"my-package","version":"1.0","section":"net"}'

Logs are in $demo/log. Ctrl-C stops it.
TEXT
}

options "$@"
check_port
"$source_dir/.ci/packages" run
choose_folder
build
variables
make_token
database
collections
start
await
invite
wait "$pid" || fail "httpd ended by itself, see $demo/log/error.log"
