-- SPDX-License-Identifier: Apache-2.0
-- The rows of the tables in sqlite-films.sql and pgsql-films.sql, the same on both. Arrays, which the
-- two write differently, are set there.
INSERT INTO directors (id, first_name, last_name) VALUES
    (1, 'Stanley', 'Kubrick'),
    (2, 'Quentin', 'Tarantino'),
    (3, 'Hayao', 'Miyazaki'),
    (4, 'Sofia', 'Coppola'),
    (5, 'Akira', 'Kurosawa'),
    (6, 'Agnès', 'Varda');
INSERT INTO films (id, title, year, rating, language, director_id, info, released, seen_at, box_office) VALUES
    (1, 'The Shining', 1980, 8.4, 'en', 1, '{"minutes":146,"cast":{"lead":"Jack Nicholson"},"prizes":[]}', '1980-05-23', '1999-10-31 20:15:00', 47335804),
    (2, '2001: A Space Odyssey', 1968, 8.3, 'en', 1, '{"minutes":149,"cast":{"lead":"Keir Dullea"},"prizes":["effects"]}', '1968-04-02', NULL, 65900000),
    (3, 'Pulp Fiction', 1994, 8.9, 'en', 2, '{"minutes":154,"cast":{"lead":"John Travolta"},"prizes":["palme","script"]}', '1994-10-14', '1995-01-02 03:04:05.678', 213928762),
    (4, 'Kill Bill: Volume 1', 2003, 8.2, 'en', 2, '{"minutes":111,"colour":true}', '2003-10-10', NULL, 180906076),
    (5, 'Spirited Away', 2001, 8.6, 'ja', 3, '{"minutes":124,"prizes":["bear","oscar"],"colour":true}', '2001-07-20', '2003-09-12 18:00:00', 395802070),
    (6, 'Princess Mononoke', 1997, 8.3, 'ja', 3, '{"minutes":133,"colour":true}', '1997-07-12', NULL, 194300000),
    (7, 'Lost in Translation', 2003, 7.7, 'en', 4, '{"minutes":102,"cast":{"lead":"Bill Murray"},"prizes":["script"]}', '2003-09-12', NULL, 118688756),
    (8, 'Seven Samurai', 1954, 8.6, 'ja', 5, '{"minutes":207,"colour":false,"prizes":["lion"]}', '1954-04-26', '2010-06-01 12:00:00', 9007199254740993),
    (9, 'Metropolis', 1927, 8.3, 'de', NULL, '{"minutes":null,"colour":false}', '1927-01-10', NULL, NULL),
    (10, 'Say "hi", (100%_new)*', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO technical_specs (film_id, runtime, camera, sound) VALUES
    (1, 146, 'Arriflex 35 BL', 'Mono'),
    (2, 149, 'Super Panavision 70', '6-Track'),
    (3, 154, 'Panavision Platinum', 'Dolby'),
    (5, 124, NULL, 'DTS-ES'),
    (8, 207, 'Mitchell NC', 'Mono');
INSERT INTO actors (id, first_name, last_name) VALUES
    (1, 'Jack', 'Nicholson'),
    (2, 'Shelley', 'Duvall'),
    (3, 'Uma', 'Thurman'),
    (4, 'John', 'Travolta'),
    (5, 'Samuel L.', 'Jackson'),
    (6, 'Rumi', 'Hiiragi'),
    (7, 'Bill', 'Murray'),
    (8, 'Toshirō', 'Mifune'),
    (9, 'Keir', 'Dullea'),
    (10, 'Greta', 'Garbo');
INSERT INTO roles (film_id, actor_id, "character") VALUES
    (1, 1, 'Jack Torrance'),
    (1, 2, 'Wendy Torrance'),
    (2, 9, 'Dave Bowman'),
    (3, 3, 'Mia Wallace'),
    (3, 4, 'Vincent Vega'),
    (3, 5, 'Jules Winnfield'),
    (4, 3, 'The Bride'),
    (5, 6, 'Chihiro'),
    (7, 7, 'Bob Harris'),
    (8, 8, 'Kikuchiyo');
INSERT INTO competitions (id, name, year) VALUES
    (1, 'Cannes Film Festival', 1994),
    (2, 'Academy Awards', 1995),
    (3, 'Academy Awards', 2003),
    (4, 'Venice Film Festival', 1954),
    (5, 'Nowhere', NULL);
INSERT INTO nominations (competition_id, film_id, rank) VALUES
    (1, 3, 1),
    (2, 3, 2),
    (3, 5, 1),
    (3, 7, 3),
    (4, 8, 1);
INSERT INTO addresses (id, name, city) VALUES
    (1, 'Home', 'Lisbon'),
    (2, 'Office', 'Porto'),
    (3, 'Summer house', 'Faro');
INSERT INTO orders (id, name, billing_address_id, shipping_address_id) VALUES
    (1, 'Books', 1, 2),
    (2, 'Tea', 2, 2),
    (3, 'Chairs', 1, 3),
    (4, 'A present', 2, NULL);
INSERT INTO employees (id, name, supervisor_id, salary) VALUES
    (1, 'Ada', NULL, 9000),
    (2, 'Bob', 1, 7000),
    (3, 'Cleo', 1, 7000),
    (4, 'Dan', 2, 5000),
    (5, 'Eve', 2, 4000.5),
    (6, 'Finn', 4, NULL);
INSERT INTO countries (continent, code, name) VALUES
    ('AM', 'US', 'United States'),
    ('AS', 'JP', 'Japan'),
    ('EU', 'DE', 'Germany'),
    ('EU', 'PT', 'Portugal');
INSERT INTO cities (id, name, continent, country_code, population) VALUES
    (1, 'Lisbon', 'EU', 'PT', 545796),
    (2, 'Porto', 'EU', 'PT', 231800),
    (3, 'Berlin', 'EU', 'DE', 3677472),
    (4, 'Tokyo', 'AS', 'JP', 13960000),
    (5, 'Atlantis', NULL, NULL, NULL);
INSERT INTO products (id, name, price, quantity) VALUES
    (1, 'Projector', 1299.9, 2),
    (2, 'Screen', 249.5, 4),
    (3, 'Popcorn', 3.2, 100),
    (4, 'Ticket', 0, 1),
    (5, 'Chair', 79.9, 30);
INSERT INTO stock (warehouse, product, quantity, note) VALUES
    ('north', 'reel', 10, NULL),
    ('north', 'lamp', 2, 'order more'),
    ('south', 'reel', 0, NULL),
    ('south', 'lens', 7, 'fragile, "glass"');
INSERT INTO accounts (id, email, name, country) VALUES
    (1, 'ada@example.org', 'Ada', 'PT'),
    (2, 'bob@example.org', 'Bob', 'DE'),
    (3, 'cleo@example.org', 'Cleo', NULL);
INSERT INTO articles (id, title, body, status, priority, created) VALUES
    (1, 'First', 'hello', 'published', 1, '2026-01-01'),
    (2, 'Second', NULL, 'draft', 3, '2026-02-02'),
    (3, 'Third', '(none)', 'draft', NULL, '2026-03-03');
INSERT INTO visits (page, at, seconds) VALUES
    ('/', '2026-01-01 10:00:00', 3),
    ('/films', '2026-01-01 10:00:05', 60),
    ('/films', '2026-01-01 10:00:05', 60),
    ('/about', '2026-01-02 08:30:00', NULL);
INSERT INTO switches (id, lit) VALUES (1, TRUE), (2, FALSE), (3, NULL);
INSERT INTO "odd names" (id, "a b", "c.d", ":e", "f-g", "order") VALUES
    (1, 'x', 1, NULL, 2, 5),
    (2, 'y', 3, 'z', NULL, 9);
INSERT INTO docs (id, title, body) VALUES
    (1, 'Fat cats', 'The fat cat sat on the mat and ate a rat'),
    (2, 'Fat rats', 'A fat rat ran from the cat'),
    (3, 'Impossible', 'It is impossible to cook it, he cooked anyway'),
    (4, 'Fun', 'Cooking is fun, and so is the amusing cook'),
    (5, 'Nothing', '');
