package inbox

import (
	"context"

	"github.com/kontorhq/kontor/database"
)

// Seen is what is remembered under a key; found is false where there is nothing.
func Seen(ctx context.Context, db database.Querier, key Key) (answer Answer, found bool, err error) {
	answer, err = stored(ctx, db, key)
	if database.None(err) {
		return Answer{}, false, nil
	}
	return answer, err == nil, err
}
