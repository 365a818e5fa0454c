package database

import (
	"encoding/base32"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// crockford is the alphabet of the TypeID form: lower case, without i, l, o and u.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID makes an identifier: three letters that say what it names, `_`, and a UUIDv7 as 26
// characters, 30 in all. Identifiers of one kind sort by the time they were made.
func NewID(kind string) string {
	id := uuid.Must(uuid.NewV7())
	// 128 bits are 26 characters of 5 bits when two zero bits go in front (TypeID, RFC 9562).
	var padded [20]byte
	copy(padded[4:], id[:])
	return kind + "_" + crockford.EncodeToString(padded[:])[6:]
}

// FirstID is the lowest id of a kind that could be made at that moment: rows are found by age
// without an index of their own.
func FirstID(kind string, at time.Time) string {
	var padded [20]byte
	binary.BigEndian.PutUint64(padded[2:], uint64(max(at.UnixMilli(), 0))) //nolint:gosec // not negative
	return kind + "_" + crockford.EncodeToString(padded[:])[6:]
}
