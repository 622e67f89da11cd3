-- SPDX-License-Identifier: Apache-2.0
-- Tables that belong together, named as in the dialect's documentation; pgsql-films.sql holds the same, and what those
-- for whom is. The rows are in films-rows.sql, which is read after this file.
CREATE TABLE directors (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    first_name TEXT NOT NULL,
    last_name  TEXT NOT NULL
);
CREATE TABLE films (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    title       TEXT NOT NULL,
    year        INTEGER,
    rating      NUMERIC,
    language    TEXT,
    director_id INTEGER CONSTRAINT film_director_fkey REFERENCES directors (id),
    tags        TEXT[],
    info        JSON,
    released    DATE,
    seen_at     TIMESTAMPTZ,
    box_office  BIGINT
);
CREATE TABLE technical_specs (
    film_id INT NOT NULL PRIMARY KEY REFERENCES films (id),
    runtime INTEGER,
    camera  TEXT,
    sound   TEXT
);
CREATE TABLE actors (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    first_name TEXT NOT NULL,
    last_name  TEXT NOT NULL
);
CREATE TABLE roles (
    film_id     INTEGER NOT NULL REFERENCES films (id),
    actor_id    INTEGER NOT NULL REFERENCES actors (id),
    "character" TEXT,
    PRIMARY KEY (film_id, actor_id)
);
CREATE TABLE competitions (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    year INTEGER,
    jury INTEGER[]
);
CREATE TABLE nominations (
    competition_id INTEGER NOT NULL REFERENCES competitions (id),
    film_id        INTEGER NOT NULL REFERENCES films,
    rank           INTEGER,
    PRIMARY KEY (competition_id, film_id)
);
CREATE TABLE addresses (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    city TEXT
);
CREATE TABLE orders (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    name                TEXT NOT NULL,
    billing_address_id  INTEGER,
    shipping_address_id INTEGER CONSTRAINT shipping REFERENCES addresses (id),
    CONSTRAINT billing FOREIGN KEY (billing_address_id) REFERENCES addresses (id)
);
CREATE TABLE employees (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL,
    supervisor_id INTEGER REFERENCES employees (id),
    salary        NUMERIC
);
CREATE TABLE countries (
    continent TEXT NOT NULL,
    code      TEXT NOT NULL,
    name      TEXT NOT NULL,
    PRIMARY KEY (continent, code)
) WITHOUT ROWID;
CREATE TABLE cities (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL,
    continent    TEXT,
    country_code TEXT,
    population   INTEGER,
    CONSTRAINT city_country_fkey FOREIGN KEY (continent, country_code) REFERENCES countries (continent, code)
);
CREATE TABLE products (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT NOT NULL CONSTRAINT products_name_key UNIQUE,
    price    NUMERIC NOT NULL DEFAULT 1 CONSTRAINT products_price_check CHECK (price >= 0),
    quantity INTEGER DEFAULT 1,
    total    NUMERIC GENERATED ALWAYS AS (price * quantity) STORED,
    sizes    INTEGER[]
);
CREATE TABLE stock (
    warehouse TEXT NOT NULL,
    product   TEXT NOT NULL,
    quantity  INTEGER NOT NULL DEFAULT 0,
    note      TEXT,
    CONSTRAINT stock_pkey PRIMARY KEY (warehouse, product)
);
CREATE TABLE accounts (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    email   TEXT NOT NULL CONSTRAINT accounts_email_key UNIQUE,
    name    TEXT,
    country TEXT
);
CREATE TABLE articles (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    title    TEXT NOT NULL,
    body     TEXT DEFAULT '(none)',
    status   TEXT NOT NULL DEFAULT 'draft',
    priority INTEGER DEFAULT 3,
    created  DATE DEFAULT '2020-01-01'
);
CREATE TABLE visits (
    page    TEXT NOT NULL,
    at      TIMESTAMP NOT NULL,
    seconds INTEGER
);
CREATE TABLE switches (
    id  INTEGER PRIMARY KEY,
    lit BOOLEAN
);
CREATE TABLE "odd names" (
    id      INTEGER PRIMARY KEY,
    "a b"   TEXT,
    "c.d"   INTEGER,
    ":e"    TEXT,
    "f-g"   INTEGER,
    "order" INTEGER
);
CREATE TABLE docs (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    body  TEXT NOT NULL
);
CREATE VIRTUAL TABLE docs_search USING fts5 (title, body, content='docs', content_rowid='id', tokenize='porter');
CREATE TRIGGER docs_inserted AFTER INSERT ON docs BEGIN
    INSERT INTO docs_search (rowid, title, body) VALUES (NEW.id, NEW.title, NEW.body);
END;
CREATE TRIGGER docs_deleted AFTER DELETE ON docs BEGIN
    INSERT INTO docs_search (docs_search, rowid, title, body) VALUES ('delete', OLD.id, OLD.title, OLD.body);
END;
CREATE TRIGGER docs_updated AFTER UPDATE ON docs BEGIN
    INSERT INTO docs_search (docs_search, rowid, title, body) VALUES ('delete', OLD.id, OLD.title, OLD.body);
    INSERT INTO docs_search (rowid, title, body) VALUES (NEW.id, NEW.title, NEW.body);
END;
CREATE TABLE alarms (kind TEXT);
CREATE TRIGGER alarms_raise BEFORE INSERT ON alarms BEGIN
    SELECT CASE NEW.kind
        WHEN 'plain' THEN RAISE(ABORT, 'I refuse!')
        WHEN 'payment' THEN RAISE(ABORT, 'PT402: Payment Required')
        WHEN 'json' THEN RAISE(ABORT, '{"code":"123","message":"Payment Required","details":"Quota exceeded","hint":"Upgrade your plan","status":402,"headers":{"X-Powered-By":"Nerd Rage"}}')
        WHEN 'broken' THEN RAISE(ABORT, '{"message":"INVALID"}')
    END;
END;

CREATE VIEW film_list AS SELECT id, title, year, director_id FROM films;
CREATE VIEW recent_films AS SELECT id, title, year, director_id FROM film_list WHERE year >= 2000;
CREATE VIEW director_list AS SELECT id, first_name || ' ' || last_name AS name FROM directors;
CREATE VIEW director_stats AS
    SELECT director_id, count(*) AS films, max(rating) AS best FROM films
    WHERE director_id IS NOT NULL GROUP BY director_id;
CREATE VIEW english_films AS SELECT id, title, year, language, director_id FROM films WHERE language = 'en';
CREATE TRIGGER english_films_insert INSTEAD OF INSERT ON english_films BEGIN
    INSERT INTO films (id, title, year, language, director_id)
    VALUES (NEW.id, NEW.title, NEW.year, NEW.language, NEW.director_id);
END;
CREATE TRIGGER english_films_update INSTEAD OF UPDATE ON english_films BEGIN
    UPDATE films SET id = NEW.id, title = NEW.title, year = NEW.year, language = NEW.language,
        director_id = NEW.director_id WHERE id = OLD.id;
END;
CREATE TRIGGER english_films_delete INSTEAD OF DELETE ON english_films BEGIN
    DELETE FROM films WHERE id = OLD.id;
END;
CREATE VIEW film_titles AS
    SELECT f.id, f.title, d.last_name AS director FROM films f LEFT JOIN directors d ON d.id = f.director_id;
CREATE TRIGGER film_titles_insert INSTEAD OF INSERT ON film_titles BEGIN
    INSERT INTO films (id, title) VALUES (NEW.id, NEW.title);
END;
CREATE TRIGGER film_titles_update INSTEAD OF UPDATE ON film_titles BEGIN
    UPDATE films SET title = NEW.title WHERE id = OLD.id;
END;
CREATE TRIGGER film_titles_delete INSTEAD OF DELETE ON film_titles BEGIN
    DELETE FROM films WHERE id = OLD.id;
END;

INSERT INTO app_grants (role, resource, action)
    SELECT role.value, resource.value, 'select'
    FROM json_each('["web_anon", "web_user"]') AS role,
        json_each('["directors", "films", "technical_specs", "actors", "roles", "competitions", "nominations",
                    "addresses", "orders", "employees", "countries", "cities", "products", "stock", "accounts",
                    "articles", "visits", "switches", "odd names", "docs", "docs_search", "film_list", "recent_films", "director_list",
                    "director_stats", "english_films", "film_titles"]') AS resource;
INSERT INTO app_grants (role, resource, action)
    SELECT 'web_user', resource.value, action.value
    FROM json_each('["insert", "update", "delete"]') AS action,
        json_each('["directors", "films", "technical_specs", "actors", "roles", "competitions", "nominations",
                    "addresses", "orders", "employees", "countries", "cities", "products", "stock", "accounts",
                    "articles", "visits", "switches", "odd names", "docs", "alarms", "english_films", "film_titles"]') AS resource;
INSERT INTO app_grants (role, resource, action) VALUES ('web_user', 'alarms', 'select');
