package procurement

import (
	"context"
	"crypto/hmac"
	"errors"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/fault"
)

// errUnauthenticated has the same words for an unknown sender, a wrong secret, a missing one and
// a closed account: what it doesn't tell can't be used to find out.
var errUnauthenticated = fault.New(fault.Unauthenticated, "the sender is not known here with that secret")

// authenticate finds whose document it is, and counts who can't prove it.
func (s *Service) authenticate(ctx context.Context, c *call, merchant string) error {
	if merchant != string(storable([]byte(merchant))) {
		return errUnauthenticated // PostgreSQL would stumble over such an address
	}
	if err := checkCredentials(c.doc.Header); err != nil {
		return err
	}
	err := s.identify(ctx, c, merchant)
	if errors.Is(err, errUnauthenticated) {
		return s.failed(ctx, merchant, c.doc.Header.Sender)
	}
	return err
}

// identify finds whose document it is. Sender proves who connected; From leads to the connection,
// which that sender must be allowed to speak for, so that one can't order as another (cXML
// reference 2.4).
func (s *Service) identify(ctx context.Context, c *call, merchant string) error {
	proven, err := s.prove(ctx, merchant, c.doc.Header.Sender)
	c.doc.Mask() // the secret has done its work
	if err != nil {
		return err
	}
	connection, allowed, err := s.connectionOf(ctx, merchant, c.doc.Header.From, proven)
	switch found := connection.ID != ""; {
	case err != nil:
		return err
	case found && !allowed && len(proven) > 0:
		return fault.At(fault.Forbidden, "Header/Sender", "this sender may not speak for that From")
	case !found || !allowed || connection.Disabled:
		return errUnauthenticated
	}
	// A closed merchant's own connections are as unknown as anybody's.
	if c.merchant, c.organisation, err = accounts.FindParties(ctx, s.DB, merchant, connection.Organisation); err != nil {
		return hide(err)
	}
	if c.organisation.Disabled {
		return errUnauthenticated
	}
	c.connection = connection
	return nil
}

// hide gives a merchant that doesn't exist the same answer as a wrong secret.
func hide(err error) error {
	if fault.CodeOf(err) == fault.Unknown {
		return errUnauthenticated
	}
	return err
}

// owners are the connections and networks whose secret a sender knows: true where the sender is
// named as one, and not as a buyer only.
type owners map[string]bool

// allow tells whether the sender may speak for a connection: by a secret of its own or of its network.
func (o owners) allow(c Connection) bool {
	_, own := o[c.ID]
	return own || c.NetworkID != nil && o[*c.NetworkID]
}

// connectionOf finds the connection by From's credentials: the first that the sender may speak for,
// since a From may name a marketplace or another buyer beside the one that is meant, else the first
// that there is. Domains are compared without case; of identities the exact one is preferred.
func (s *Service) connectionOf(ctx context.Context, merchant string, from cxml.Party, proven owners) (found Connection, allowed bool, err error) {
	for _, credential := range from.Credential {
		if credential.Identity == "" {
			continue
		}
		var candidates []struct {
			Connection
			Identity string `db:"identity"`
		}
		if err := s.DB.Select(ctx, &candidates, selectConnectionByFrom, merchant,
			accounts.Fold(credential.Domain), accounts.Fold(credential.Identity)); err != nil {
			return Connection{}, false, err
		}
		if len(candidates) == 0 {
			continue
		}
		best := candidates[0]
		for _, candidate := range candidates {
			if candidate.Identity == credential.Identity {
				best = candidate
			}
		}
		if may := proven.allow(best.Connection); found.ID == "" || may && (!allowed || found.Disabled) {
			found, allowed = best.Connection, may
		}
		if allowed && !found.Disabled {
			break
		}
	}
	if found.ID == "" {
		return Connection{}, false, nil
	}
	return found, allowed, found.readSettings()
}

// prove compares Sender's secrets with the live ones of the owners that Sender's identities
// belong to.
func (s *Service) prove(ctx context.Context, merchant string, sender cxml.Party) (owners, error) {
	proven := owners{}
	for _, credential := range sender.Credential {
		secret := strings.TrimSpace(credential.SharedSecret)
		if secret == "" || credential.Identity == "" {
			continue
		}
		var candidates []struct {
			Owner  string `db:"owner_id"`
			Role   string `db:"role"`
			Digest []byte `db:"digest"`
		}
		if err := s.DB.Select(ctx, &candidates, selectSecretsBySender, merchant,
			accounts.Fold(credential.Domain), accounts.Fold(credential.Identity)); err != nil {
			return nil, err
		}
		for _, candidate := range candidates {
			// All are compared, so that the time taken doesn't tell which one was near.
			if hmac.Equal(candidate.Digest, secretDigest(s.Keys, candidate.Owner, secret)) {
				proven[candidate.Owner] = proven[candidate.Owner] || candidate.Role == "sender"
			}
		}
	}
	return proven, nil
}

const (
	selectConnectionByFrom = `
SELECT c.id, c.merchant_id, c.external_id, c.organisation_id, c.network_id, c.protocol, c.settings, c.secret_out, c.disabled, c.version,
       i.identity
  FROM identities i JOIN connections c ON c.merchant_id = i.merchant_id AND c.id = i.owner_id
 WHERE i.merchant_id = ? AND i.role = 'from' AND i.domain_folded = ? AND i.identity_folded = ?`

	// Owners are connections and networks. A closed network proves nothing. All roles are named,
	// because the index begins with them.
	selectSecretsBySender = `
SELECT i.owner_id, i.role, s.digest
  FROM identities i JOIN secrets s ON s.merchant_id = i.merchant_id AND s.owner_id = i.owner_id
 WHERE i.merchant_id = ? AND i.role IN ('from', 'sender') AND i.domain_folded = ? AND i.identity_folded = ?
   AND NOT EXISTS (SELECT 1 FROM networks n WHERE n.merchant_id = i.merchant_id AND n.id = i.owner_id AND n.disabled)`
)
