-- The least that the main job could cost: tables without tenants, documents, versions, events and
-- memory of requests. pgbench runs the shapes beside it; nothing of the program uses them.
CREATE TABLE credentials (id BIGINT PRIMARY KEY, digest TEXT NOT NULL);
INSERT INTO credentials SELECT n, md5(n::text) FROM generate_series(1, 1000) n;

CREATE TABLE sessions (id BIGINT PRIMARY KEY, credential_id BIGINT NOT NULL REFERENCES credentials (id), created_at TIMESTAMPTZ NOT NULL);
CREATE TABLE documents (id BIGINT PRIMARY KEY, body TEXT NOT NULL);

CREATE TABLE lines (id BIGINT PRIMARY KEY, credit_limit BIGINT NOT NULL, held BIGINT NOT NULL);
INSERT INTO lines SELECT n, 1000000000000, 0 FROM generate_series(1, 1000) n;

CREATE TABLE orders (id BIGINT PRIMARY KEY, line_id BIGINT NOT NULL REFERENCES lines (id), total BIGINT NOT NULL, created_at TIMESTAMPTZ NOT NULL);
CREATE TABLE order_lines (order_id BIGINT NOT NULL REFERENCES orders (id), position BIGINT NOT NULL, sku TEXT NOT NULL,
                          quantity TEXT NOT NULL, price TEXT NOT NULL, PRIMARY KEY (order_id, position));
CREATE TABLE holds (order_id BIGINT PRIMARY KEY, line_id BIGINT NOT NULL REFERENCES lines (id), amount BIGINT NOT NULL);
ANALYZE;
