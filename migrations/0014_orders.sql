-- +goose Up
-- A line that is edited keeps its auxiliary id: here is the cart that it was sent home in last.
CREATE TABLE cart_edits (
    merchant_id     TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    digest          TEXT NOT NULL, -- of auxiliary id and folded part number: the buyer's may be of any length
    cart_id         TEXT NOT NULL,
    PRIMARY KEY (merchant_id, organisation_id, digest),
    FOREIGN KEY (merchant_id, cart_id) REFERENCES carts (merchant_id, id) ON DELETE CASCADE
);
CREATE INDEX cart_edit_cart ON cart_edits (merchant_id, cart_id);

-- The blanket order that the latest version of an order draws on.
ALTER TABLE orders ADD COLUMN agreement_id TEXT NOT NULL DEFAULT '';

-- What the version in force of a release draws from its blanket order, by the blanket order's line.
CREATE TABLE draws (
    merchant_id  TEXT   NOT NULL,
    agreement_id TEXT   NOT NULL, -- the blanket order
    order_id     TEXT   NOT NULL, -- the release
    line         BIGINT NOT NULL, -- of the blanket order; 0 where the release names none
    amount_minor BIGINT NOT NULL, -- goods
    PRIMARY KEY (merchant_id, agreement_id, order_id, line),
    FOREIGN KEY (merchant_id, agreement_id) REFERENCES orders (merchant_id, id),
    FOREIGN KEY (merchant_id, order_id) REFERENCES orders (merchant_id, id)
);
CREATE INDEX draw_order ON draws (merchant_id, order_id);

-- Who is exempt from tax is so by certificates, each for a place and a time.
ALTER TABLE organisations ADD COLUMN tax_certificates TEXT NOT NULL DEFAULT '[]'; -- JSON: accounts.Certificate
UPDATE organisations SET tax_certificates = '[{"reference":"exempt before certificates were kept"}]' WHERE tax_exempt;
ALTER TABLE organisations DROP COLUMN tax_exempt;
CREATE INDEX organisation_certified ON organisations (merchant_id, id) WHERE tax_certificates <> '[]';

-- +goose Down
DROP INDEX organisation_certified;
ALTER TABLE organisations ADD COLUMN tax_exempt BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE organisations SET tax_exempt = TRUE WHERE tax_certificates <> '[]';
ALTER TABLE organisations DROP COLUMN tax_certificates;
DROP TABLE draws;
ALTER TABLE orders DROP COLUMN agreement_id;
DROP TABLE cart_edits;
