package accounts

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kontorhq/kontor/database"
)

// Change is what a person did to an object: who, when, why, and how it was before and after.
type Change struct {
	Merchant string
	At       time.Time
	Actor    string
	Action   string // what was done: "credit.limit"
	Object   string // our id of what it was done to
	Reason   string // the person's words
	Was      any    // written as JSON; nil where there was nothing
	Became   any
}

// Audit records a change.
func Audit(ctx context.Context, tx *database.Tx, c Change) error {
	was, err := audited(c.Was)
	if err != nil {
		return err
	}
	became, err := audited(c.Became)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertAudit, c.Merchant, database.NewID("aud"), database.At(c.At), c.Actor, c.Action, c.Object, c.Reason, was, became)
	return err
}

func audited(value any) (string, error) {
	if value == nil {
		return "", nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("a change can't be written to the audit: %w", err)
	}
	return string(text), nil
}

const insertAudit = `
INSERT INTO audit (merchant_id, id, at, actor, action, object, reason, was, became) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
