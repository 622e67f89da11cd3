#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The sample's data: the Debian packages that this machine's apt knows. run.sh and tests/bench use it.
#
#   import.sh csv FOLDER            writes packages.csv and dependencies.csv into FOLDER
#   import.sh sqlite FOLDER FILE    makes the SQLite database FILE from them; it must not be there yet
#   import.sh pgsql FOLDER URL      makes the tables in the PostgreSQL database URL, through psql
#
# DUMPAVAIL=FILE takes that file in place of what apt knows (the form of /var/lib/dpkg/available).
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
text_columns="id TEXT, name TEXT, version TEXT, section TEXT, priority TEXT, architecture TEXT,
maintainer TEXT, installed_size TEXT, size TEXT, homepage TEXT, source TEXT, summary TEXT,
essential TEXT"

fail()
{
    echo "import.sh: $*" >&2
    exit 1
}

dump()
{
    if [ -n "${DUMPAVAIL:-}" ]; then
        cat "$DUMPAVAIL"
    else
        apt-cache dumpavail
    fi
}

write_csv()
{
    arch=${ARCHITECTURE:-$(dpkg --print-architecture)}
    # A stray byte that is not UTF-8 would make PostgreSQL refuse the whole file.
    dump | iconv -c -f UTF-8 -t UTF-8 | awk -v out="$1" -v arch="$arch" -f "$here/packages.awk"
    [ -s "$1/packages.csv" ] || fail "apt knows no packages: try 'apt-get update'"
}

# .import takes its file name up to a blank unless quoted, so the folder is entered instead.
make_sqlite()
{
    [ ! -e "$2" ] || fail "'$2' is there already"
    case $2 in
    /*) file=$2 ;;
    *) file=$PWD/$2 ;;
    esac
    (
        cd "$1"
        sqlite3 -bail "$file" <<SQL
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;
CREATE TABLE csv_packages ($text_columns);
CREATE TABLE csv_dependencies (package TEXT, depends_on TEXT);
.import --csv packages.csv csv_packages
.import --csv dependencies.csv csv_dependencies
BEGIN;
$(cat "$here/sqlite.sql")
COMMIT;
VACUUM;
SQL
    ) >/dev/null
}

make_pgsql()
{
    (
        cd "$1"
        psql -X -q -v ON_ERROR_STOP=1 --single-transaction "$2" <<SQL
CREATE TEMPORARY TABLE csv_packages ($text_columns) ON COMMIT DROP;
CREATE TEMPORARY TABLE csv_dependencies (package text, depends_on text) ON COMMIT DROP;
\\copy csv_packages FROM 'packages.csv' (FORMAT csv)
\\copy csv_dependencies FROM 'dependencies.csv' (FORMAT csv)
ANALYZE csv_packages, csv_dependencies;
$(cat "$here/pgsql.sql")
SQL
    ) >/dev/null
}

case $#:${1:-} in
2:csv) write_csv "$2" ;;
3:sqlite) make_sqlite "$2" "$3" ;;
3:pgsql) make_pgsql "$2" "$3" ;;
*) fail "use: csv FOLDER | sqlite FOLDER FILE | pgsql FOLDER URL" ;;
esac
