# SPDX-License-Identifier: Apache-2.0
# Turns what `apt-cache dumpavail` prints into two CSV files (RFC 4180), out/packages.csv and
# out/dependencies.csv. An absent value is an empty field without quotes, a present one always has quotes,
# so that PostgreSQL's COPY tells NULL from text. Called by import.sh; any POSIX awk.
#
#     awk -v out=FOLDER -v arch=amd64 -f packages.awk

function quoted(text)
{
    if (text == "")
        return ""
    gsub(/"/, "\"\"", text)
    return "\"" text "\""
}

function number(text)
{
    return text ~ /^[0-9]+$/ ? text : ""
}

# "libc6 (>= 2.34), debconf (>= 0.5) | debconf-2.0, perl:any" → one row a name
function write_dependencies(name, relations,    parts, n, i)
{
    n = split(relations, parts, /[,|]/)
    for (i = 1; i <= n; i++)
        if (match(parts[i], /[a-z0-9][a-z0-9+.-]*/))
            print quoted(name) "," quoted(substr(parts[i], RSTART, RLENGTH)) > dependencies
}

function write_package(    source, name)
{
    name = field["Package"]
    # Foreign architectures would repeat the names of this machine's own packages.
    if (name == "" || (name in seen) ||
        (field["Architecture"] != arch && field["Architecture"] != "all"))
        return
    seen[name] = 1
    source = field["Source"]
    sub(/ .*/, "", source) # "glibc (2.36-9)": a version stands there when it differs
    print ++count "," quoted(name) "," quoted(field["Version"]) "," quoted(field["Section"]) \
        "," quoted(field["Priority"]) "," quoted(field["Architecture"]) \
        "," quoted(field["Maintainer"]) "," number(field["Installed-Size"]) \
        "," number(field["Size"]) "," quoted(field["Homepage"]) \
        "," quoted(source == "" ? name : source) "," quoted(field["Description"]) \
        "," (field["Essential"] == "yes" ? 1 : 0) > packages
    write_dependencies(name, field["Pre-Depends"] "," field["Depends"])
}

function end_stanza(    key)
{
    write_package()
    for (key in field)
        delete field[key]
    last = ""
}

BEGIN {
    packages = out "/packages.csv"
    dependencies = out "/dependencies.csv"
    printf "" > packages
    printf "" > dependencies
    split("Package Version Section Priority Architecture Maintainer Installed-Size Size Homepage " \
          "Source Description Essential Depends Pre-Depends", names, " ")
    for (i in names)
        wanted[names[i]] = 1
}

/^[ \t]*$/ {
    end_stanza()
    next
}

/^[ \t]/ { # goes on with the field above; of a description only the first line is the summary
    if (last == "Depends" || last == "Pre-Depends")
        field[last] = field[last] $0
    next
}

{
    colon = index($0, ":")
    last = substr($0, 1, colon - 1)
    if (last in wanted) {
        field[last] = substr($0, colon + 1)
        gsub(/^[ \t]+|[ \t\r]+$/, "", field[last])
    }
}

END {
    end_stanza()
}
