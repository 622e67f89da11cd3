-- SPDX-License-Identifier: Apache-2.0
-- The sample's tables on SQLite. import.sh has read the CSV files into the staging tables csv_packages and
-- csv_dependencies, all text; this makes the real tables from them. pgsql.sql makes the same rows.

CREATE TABLE packages (
    id             INTEGER PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    version        TEXT    NOT NULL,
    section        TEXT,
    priority       TEXT    NOT NULL DEFAULT 'optional',
    architecture   TEXT    NOT NULL DEFAULT 'all',
    maintainer     TEXT,
    installed_size INTEGER, -- KiB
    size           INTEGER, -- bytes to download
    homepage       TEXT,
    source         TEXT,
    summary        TEXT,
    essential      BOOLEAN NOT NULL DEFAULT 0 CHECK (essential IN (0, 1))
);

INSERT INTO packages
SELECT CAST(id AS INTEGER), name, version, nullif(section, ''),
       coalesce(nullif(priority, ''), 'optional'), architecture, nullif(maintainer, ''),
       CAST(nullif(installed_size, '') AS INTEGER), CAST(nullif(size, '') AS INTEGER),
       nullif(homepage, ''), source, nullif(summary, ''), CAST(essential AS INTEGER)
FROM csv_packages;

CREATE TABLE dependencies (
    package_id    INTEGER NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
    depends_on_id INTEGER NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
    PRIMARY KEY (package_id, depends_on_id)
) WITHOUT ROWID;

-- Names of virtual packages and of other releases lead nowhere and are left out.
INSERT INTO dependencies
SELECT DISTINCT p.id, d.id
FROM csv_dependencies c
JOIN packages p ON p.name = c.package
JOIN packages d ON d.name = c.depends_on;

DROP TABLE csv_packages;
DROP TABLE csv_dependencies;

CREATE INDEX packages_section_size ON packages (section, installed_size);
CREATE INDEX packages_installed_size ON packages (installed_size);
CREATE INDEX packages_source ON packages (source);
CREATE INDEX dependencies_depends_on ON dependencies (depends_on_id);

ANALYZE;
