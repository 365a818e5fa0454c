-- +goose Up
-- What is sold, in which units, and at which price to whom.

CREATE TABLE products (
    merchant_id    TEXT        NOT NULL REFERENCES merchants (id),
    id             TEXT        NOT NULL,
    sku            TEXT        NOT NULL, -- the merchant's own part number, its external_id
    sku_folded     TEXT        NOT NULL,
    name           TEXT        NOT NULL,
    description    TEXT        NOT NULL,
    category       TEXT        NOT NULL,
    unspsc         TEXT        NOT NULL,
    unit           TEXT        NOT NULL, -- order unit, UN/CEFACT code
    content        TEXT        NOT NULL DEFAULT '', -- how much an order unit holds: "100", or empty
    content_unit   TEXT        NOT NULL DEFAULT '',
    other_units    TEXT        NOT NULL DEFAULT '[]', -- JSON: [{"unit": "BX", "content": "100"}]
    least_quantity TEXT        NOT NULL DEFAULT '1',
    quantity_step  TEXT        NOT NULL DEFAULT '1',
    tax_class      TEXT        NOT NULL DEFAULT 'standard',
    hazardous      BOOLEAN     NOT NULL DEFAULT FALSE,
    freight_class  TEXT        NOT NULL DEFAULT '', -- 'pallet': surcharge per piece
    stock          TEXT, -- NULL is unknown, which is not 0
    lead_time_days BIGINT,
    disabled       BOOLEAN     NOT NULL DEFAULT FALSE, -- withdrawn
    version        BIGINT      NOT NULL DEFAULT 1,
    created_at     TIMESTAMPTZ NOT NULL,
    updated_at     TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, id),
    CONSTRAINT product_sku UNIQUE (merchant_id, sku_folded) -- part numbers are compared folded
);
CREATE INDEX product_category ON products (merchant_id, category, id);

-- A list price has no organisation (''); a contract price names one. Breaks are further rows.
CREATE TABLE prices (
    merchant_id     TEXT NOT NULL,
    product_id      TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    currency        TEXT NOT NULL CONSTRAINT price_currency CHECK (length(currency) = 3),
    from_quantity   TEXT NOT NULL, -- in order units; 0 is the price below the first break
    valid_from      TEXT NOT NULL DEFAULT '', -- YYYY-MM-DD, '' is always
    price           TEXT NOT NULL, -- per order unit
    valid_to        TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (merchant_id, product_id, organisation_id, currency, from_quantity, valid_from),
    FOREIGN KEY (merchant_id, product_id) REFERENCES products (merchant_id, id)
);

-- +goose Down
DROP TABLE prices;
DROP TABLE products;
