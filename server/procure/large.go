package procure

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/kontorhq/kontor/fault"
)

// crowd bounds what large documents take of this process together: anybody may send them, and
// reading one of 10 MB takes a hundred megabytes for a moment. Almost all documents are small and
// never meet it.
type crowd struct {
	held  atomic.Int64 // bytes of large bodies that are in memory
	most  int64
	turns chan struct{} // as many are handled at once
}

const (
	small = 256 << 10 // bytes that any document may have without asking

	// mostHeld is how many documents of the largest size may be on their way in or wait.
	mostHeld = 16
	// longestWait is for a turn. Buyers' systems give up after 10 to 60 seconds.
	longestWait = 8 * time.Second
)

var errCrowded = fault.New(fault.Unavailable, "too many large documents come in at once, send it again later")

func newCrowd(largest int) *crowd {
	return &crowd{most: mostHeld * int64(largest), turns: make(chan struct{}, min(max(runtime.NumCPU(), 2), 4))}
}

// read takes a body of at most limit bytes, and one more where there are more. Whoever reads it
// calls release when the document is answered.
func (c *crowd) read(body io.Reader, limit int) (read []byte, release func(), err error) {
	held := int64(0)
	release = func() { c.held.Add(-held) }
	body = io.LimitReader(body, int64(limit)+1)
	var pieces [][]byte
	for {
		piece := make([]byte, 0, 4<<10)
		if len(pieces) > 0 {
			piece = make([]byte, 0, small)
			held += small
			if c.held.Add(small) > c.most {
				return nil, release, errCrowded
			}
		}
		piece, err = fill(body, piece)
		pieces = append(pieces, piece)
		if errors.Is(err, io.EOF) {
			return bytes.Join(pieces, nil), release, nil
		}
		if err != nil {
			return nil, release, fault.New(fault.Unavailable, "the document broke off on its way, send it again").Because(err)
		}
	}
}

// fill reads until small bytes are there, or the end.
func fill(body io.Reader, piece []byte) ([]byte, error) {
	for len(piece) < small {
		if len(piece) == cap(piece) {
			piece = append(piece, 0)[:len(piece)]
		}
		n, err := body.Read(piece[len(piece):min(cap(piece), small)])
		piece = piece[:len(piece)+n]
		if err != nil {
			return piece, err
		}
	}
	return piece, nil
}

// enter waits for a turn to handle the document, if it is large or may turn out to be.
func (c *crowd) enter(ctx context.Context, document []byte) (leave func(), err error) {
	if compressed := bytes.HasPrefix(document, []byte{0x1f, 0x8b}); len(document) <= small && !compressed {
		return func() {}, nil
	}
	timer := time.NewTimer(longestWait)
	defer timer.Stop()
	select {
	case c.turns <- struct{}{}:
		return func() { <-c.turns }, nil
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil, errCrowded
}
