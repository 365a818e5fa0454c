-- +goose Up
-- What an organisation and those below it are shown of the catalogue. The most exact rule about a
-- product counts: its part number, then hazardous, then its category, then all.
CREATE TABLE assortment_rules (
    merchant_id     TEXT    NOT NULL,
    organisation_id TEXT    NOT NULL,
    kind            TEXT    NOT NULL CONSTRAINT assortment_kind CHECK (kind IN ('sku', 'hazardous', 'category', 'all')),
    value           TEXT    NOT NULL, -- folded part number, or category; '' for the others
    shown           BOOLEAN NOT NULL,
    PRIMARY KEY (merchant_id, organisation_id, kind, value),
    FOREIGN KEY (merchant_id, organisation_id) REFERENCES organisations (merchant_id, id)
);

-- Whether an organisation has rules of its own, so that nobody looks for them who has none.
ALTER TABLE organisations ADD COLUMN assortment BOOLEAN NOT NULL DEFAULT FALSE;

-- What organisations call our products.
CREATE TABLE buyer_parts (
    merchant_id     TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    part_folded     TEXT NOT NULL,
    part            TEXT NOT NULL,
    product_id      TEXT NOT NULL,
    PRIMARY KEY (merchant_id, organisation_id, part_folded),
    CONSTRAINT buyer_part_product UNIQUE (merchant_id, product_id, organisation_id),
    FOREIGN KEY (merchant_id, organisation_id) REFERENCES organisations (merchant_id, id),
    FOREIGN KEY (merchant_id, product_id) REFERENCES products (merchant_id, id)
);

-- +goose Down
DROP TABLE buyer_parts;
ALTER TABLE organisations DROP COLUMN assortment;
DROP TABLE assortment_rules;
