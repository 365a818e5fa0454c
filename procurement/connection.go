package procurement

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
)

// Connection is one procurement link of an organisation.
type Connection struct {
	ID           string  `db:"id"`
	Merchant     string  `db:"merchant_id"`
	ExternalID   string  `db:"external_id"`
	Organisation string  `db:"organisation_id"`
	NetworkID    *string `db:"network_id"`
	Protocol     string  `db:"protocol"`
	SettingsJSON string  `db:"settings"`
	SecretOut    []byte  `db:"secret_out"`
	Disabled     bool    `db:"disabled"`
	Version      int64   `db:"version"`
	Settings     Settings
}

// Identity is a domain and a name within it.
type Identity struct {
	Domain   string `json:"domain"`
	Identity string `json:"identity"`
}

// FindConnection reads a connection by our id, or by `ext:<reference>`.
func FindConnection(ctx context.Context, q database.Querier, merchant, id string) (Connection, error) {
	query := selectConnection
	if ref, ok := strings.CutPrefix(id, "ext:"); ok {
		query, id = selectConnectionByReference, ref
	}
	var c Connection
	err := q.Get(ctx, &c, query, merchant, id)
	if database.None(err) {
		return Connection{}, fault.New(fault.Unknown, "there is no connection with that id")
	}
	if err != nil {
		return Connection{}, err
	}
	return c, c.readSettings()
}

func (c *Connection) readSettings() error {
	if err := json.Unmarshal([]byte(c.SettingsJSON), &c.Settings); err != nil {
		return fmt.Errorf("the settings of connection %s can't be read: %w", c.ID, err)
	}
	c.Settings = c.Settings.withDefaults()
	return nil
}

// Network is one sender that speaks for many buyers.
type Network struct {
	ID         string `db:"id"`
	Merchant   string `db:"merchant_id"`
	ExternalID string `db:"external_id"`
	Name       string `db:"name"`
	Disabled   bool   `db:"disabled"`
	Version    int64  `db:"version"`
}

// FindNetwork reads a network by the merchant's own reference.
func FindNetwork(ctx context.Context, q database.Querier, merchant, externalID string) (Network, error) {
	var n Network
	err := q.Get(ctx, &n, selectNetwork, merchant, externalID)
	if database.None(err) {
		return Network{}, fault.New(fault.Unknown, "there is no network with that reference")
	}
	return n, err
}

// SaveNetwork inserts the network, or writes its changed fields and counts its version.
func SaveNetwork(ctx context.Context, tx *database.Tx, n Network, now time.Time) error {
	_, err := tx.Exec(ctx, upsertNetwork, n.Merchant, n.ID, n.ExternalID, n.Name, n.Disabled, database.At(now), database.At(now))
	return err
}

// SaveConnection inserts the connection, or writes its changed fields and counts its version.
func SaveConnection(ctx context.Context, tx *database.Tx, c Connection, now time.Time) error {
	settings, err := json.Marshal(c.Settings)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, upsertConnection, c.Merchant, c.ID, c.ExternalID, c.Organisation, c.NetworkID, c.Protocol,
		string(settings), c.SecretOut, c.Disabled, database.At(now), database.At(now))
	return err
}

// SecretOutPlace is where a connection's outgoing secret is sealed to.
func SecretOutPlace(merchant, connection string) string {
	return "connections/secret_out/" + merchant + "/" + connection
}

// SaveIdentities replaces the identities of an owner (a connection or a network) in one role. A
// From that belongs to another connection is a conflict.
func SaveIdentities(ctx context.Context, tx *database.Tx, merchant, owner, role string, identities []Identity) error {
	if _, err := tx.Exec(ctx, deleteIdentities, merchant, owner, role); err != nil {
		return err
	}
	for i, id := range identities {
		inserted, err := tx.Exec(ctx, insertIdentity, merchant, role, accounts.Fold(id.Domain), accounts.Fold(id.Identity),
			strings.TrimSpace(id.Identity), strings.TrimSpace(id.Domain), owner)
		if err != nil {
			return err
		}
		if inserted == 0 {
			return fault.At(fault.Conflict, fmt.Sprintf("%s[%d]", role, i), "that identity belongs to another connection, or is there twice")
		}
	}
	return nil
}

// IdentitiesOf lists the identities of an owner in one role.
func IdentitiesOf(ctx context.Context, q database.Querier, merchant, owner, role string) ([]Identity, error) {
	var list []Identity
	err := q.Select(ctx, &list, selectIdentities, merchant, owner, role)
	return list, err
}

// SaveSecrets replaces what senders may prove themselves with: one secret, or two during a
// rotation. They are kept as digests.
func SaveSecrets(ctx context.Context, tx *database.Tx, keys *accounts.Keys, merchant, owner string, secrets []string, now time.Time) error {
	if len(secrets) > 2 {
		return fault.At(fault.Invalid, "secrets", "at most two secrets can be live")
	}
	if _, err := tx.Exec(ctx, deleteSecrets, merchant, owner); err != nil {
		return err
	}
	for i, secret := range secrets {
		if _, err := tx.Exec(ctx, insertSecret, merchant, owner, i+1, secretDigest(keys, owner, secret), database.At(now)); err != nil {
			return err
		}
	}
	return nil
}

// SecretsAre tells whether exactly these secrets are live for the owner.
func SecretsAre(ctx context.Context, q database.Querier, keys *accounts.Keys, merchant, owner string, secrets []string) (bool, error) {
	live, err := secretsOf(ctx, q, merchant, owner)
	if err != nil || len(live) != len(secrets) {
		return false, err
	}
	for i, secret := range secrets {
		if string(secretDigest(keys, owner, secret)) != string(live[i]) {
			return false, nil
		}
	}
	return true, nil
}

func secretDigest(keys *accounts.Keys, owner, secret string) []byte {
	return keys.Digest("secret/"+owner, strings.TrimSpace(secret))
}

func secretsOf(ctx context.Context, q database.Querier, merchant, owner string) ([][]byte, error) {
	var live [][]byte
	err := q.Select(ctx, &live, selectSecrets, merchant, owner)
	return live, err
}

// SaveSupplierIdentities replaces the identities by which buyers address the merchant.
func SaveSupplierIdentities(ctx context.Context, tx *database.Tx, merchant string, identities []Identity) error {
	if _, err := tx.Exec(ctx, deleteSupplierIdentities, merchant); err != nil {
		return err
	}
	for _, id := range identities {
		if _, err := tx.Exec(ctx, insertSupplierIdentity, merchant, accounts.Fold(id.Domain), accounts.Fold(id.Identity),
			strings.TrimSpace(id.Domain), strings.TrimSpace(id.Identity)); err != nil {
			return err
		}
	}
	return nil
}

// SupplierIdentities lists the identities by which buyers address the merchant.
func SupplierIdentities(ctx context.Context, q database.Querier, merchant string) ([]Identity, error) {
	var list []Identity
	err := q.Select(ctx, &list, selectSupplierIdentities, merchant)
	return list, err
}

const (
	connectionColumns = `
SELECT c.id, c.merchant_id, c.external_id, c.organisation_id, c.network_id, c.protocol, c.settings, c.secret_out, c.disabled, c.version
  FROM connections c`
	selectConnection            = connectionColumns + ` WHERE c.merchant_id = ? AND c.id = ?`
	selectConnectionByReference = connectionColumns + ` WHERE c.merchant_id = ? AND c.external_id = ?`

	upsertConnection = `
INSERT INTO connections (merchant_id, id, external_id, organisation_id, network_id, protocol, settings, secret_out, disabled, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (merchant_id, id) DO UPDATE SET organisation_id = excluded.organisation_id, network_id = excluded.network_id,
    protocol = excluded.protocol, settings = excluded.settings, secret_out = excluded.secret_out, disabled = excluded.disabled,
    version = connections.version + 1, updated_at = excluded.updated_at`

	selectNetwork = `
SELECT id, merchant_id, external_id, name, disabled, version FROM networks WHERE merchant_id = ? AND external_id = ?`

	upsertNetwork = `
INSERT INTO networks (merchant_id, id, external_id, name, disabled, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (merchant_id, id) DO UPDATE SET name = excluded.name, disabled = excluded.disabled,
    version = networks.version + 1, updated_at = excluded.updated_at`

	deleteIdentities = `DELETE FROM identities WHERE merchant_id = ? AND owner_id = ? AND role = ?`
	insertIdentity   = `
INSERT INTO identities (merchant_id, role, domain_folded, identity_folded, identity, domain, owner_id) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING`
	selectIdentities = `
SELECT domain, identity FROM identities WHERE merchant_id = ? AND owner_id = ? AND role = ? ORDER BY domain_folded, identity`

	deleteSecrets = `DELETE FROM secrets WHERE merchant_id = ? AND owner_id = ?`
	insertSecret  = `INSERT INTO secrets (merchant_id, owner_id, slot, digest, created_at) VALUES (?, ?, ?, ?, ?)`
	selectSecrets = `SELECT digest FROM secrets WHERE merchant_id = ? AND owner_id = ? ORDER BY slot`

	deleteSupplierIdentities = `DELETE FROM supplier_identities WHERE merchant_id = ?`
	insertSupplierIdentity   = `
INSERT INTO supplier_identities (merchant_id, domain_folded, identity_folded, domain, identity) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING`
	selectSupplierIdentities = `
SELECT domain, identity FROM supplier_identities WHERE merchant_id = ? ORDER BY domain_folded, identity_folded`
)
