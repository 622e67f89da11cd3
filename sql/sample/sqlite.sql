-- SPDX-License-Identifier: Apache-2.0
-- The sample's tables on SQLite. import.sh has read the CSV files into the staging tables csv_packages and
-- csv_dependencies, all text; this makes the real tables from them. pgsql.sql makes the same rows.

CREATE TABLE sections (
    name TEXT PRIMARY KEY
) WITHOUT ROWID;

INSERT INTO sections
SELECT DISTINCT section FROM csv_packages WHERE section <> '';

CREATE TABLE maintainers (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL,
    email TEXT
);

-- "Jane Doe <jane@example.org>"
CREATE TEMPORARY TABLE csv_maintainers AS
SELECT DISTINCT maintainer, trim(substr(maintainer, 1, instr(maintainer || '<', '<') - 1), ' "') AS name,
       nullif(rtrim(substr(maintainer, instr(maintainer || '<', '<') + 1), '>'), '') AS email
FROM csv_packages
WHERE maintainer <> '';

INSERT INTO maintainers (name, email)
SELECT DISTINCT name, email FROM csv_maintainers ORDER BY 1, 2;

CREATE TABLE packages (
    id             INTEGER PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    version        TEXT    NOT NULL,
    section        TEXT REFERENCES sections (name),
    priority       TEXT    NOT NULL DEFAULT 'optional',
    architecture   TEXT    NOT NULL DEFAULT 'all',
    maintainer_id  INTEGER REFERENCES maintainers (id),
    installed_size INTEGER, -- KiB
    size           INTEGER, -- bytes to download
    homepage       TEXT,
    source         TEXT,
    summary        TEXT,
    essential      BOOLEAN NOT NULL DEFAULT 0 CHECK (essential IN (0, 1))
);

INSERT INTO packages
SELECT CAST(c.id AS INTEGER), c.name, version, nullif(section, ''),
       coalesce(nullif(priority, ''), 'optional'), architecture, m.id,
       CAST(nullif(installed_size, '') AS INTEGER), CAST(nullif(size, '') AS INTEGER),
       nullif(homepage, ''), source, nullif(summary, ''), CAST(essential AS INTEGER)
FROM csv_packages c
LEFT JOIN csv_maintainers s ON s.maintainer = c.maintainer
LEFT JOIN maintainers m ON m.name = s.name AND m.email IS s.email;

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

DROP TABLE csv_maintainers;
DROP TABLE csv_packages;
DROP TABLE csv_dependencies;

CREATE INDEX packages_section_size ON packages (section, installed_size);
CREATE INDEX packages_maintainer ON packages (maintainer_id);
CREATE INDEX packages_installed_size ON packages (installed_size);
CREATE INDEX packages_source ON packages (source);
CREATE INDEX dependencies_depends_on ON dependencies (depends_on_id);

ANALYZE;
