package database_test

import (
	"context"
	"testing"
	"time"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
)

func TestEmptyLeavesTheSchemaAndNoRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := context.WithoutCancel(t.Context())
		now := database.At(time.Date(2026, 11, 12, 13, 14, 0, 0, time.UTC))
		fill := func() {
			t.Helper()
			err := db.InTx(ctx, func(tx *database.Tx) error {
				if _, err := tx.Exec(ctx, `INSERT INTO merchants (id, account, mode, name, time_zone, currency, shop_url, tax_rates, freight, created_at, updated_at)
VALUES ('brackwater', 'brackwater', 'test', 'Brackwater', 'UTC', 'USD', '', '[]', '{}', ?, ?)`, now, now); err != nil {
					return err
				}
				// A row that refers to another, so that the order of deletion matters.
				_, err := tx.Exec(ctx, `INSERT INTO api_keys (merchant_id, id, external_id, digest, hint, created_at, updated_at) VALUES ('brackwater', 'key_1', 'k', ?, 'hint', ?, ?)`,
					[]byte("digest"), now, now)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		fill()
		if err := db.Empty(ctx); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"merchants", "api_keys"} {
			var n int64
			if err := db.Get(ctx, &n, "SELECT count(*) FROM "+table); err != nil || n != 0 {
				t.Errorf("%s has %d rows: %v", table, n, err)
			}
		}
		if pending, err := db.Pending(ctx); err != nil || pending != 0 {
			t.Errorf("%d migrations are pending: %v", pending, err)
		}
		fill() // the same keys again
		if err := db.Empty(ctx); err != nil {
			t.Errorf("the second time: %v", err)
		}
	})
}
