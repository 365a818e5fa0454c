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

-- +goose Down
DROP TABLE cart_edits;
