// Package assets holds what every page of Kontor shares: one stylesheet, one small script, icons,
// product drawings and the limit bar. It stands beside the flow: pages of the server, the shop and
// the simulators import it, and it imports nothing of ours.
//
// Pages are served under style-src 'self' and script-src 'self', so nothing made here has a style
// attribute or a script of its own.
package assets

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// Prefix is where Handler expects to be mounted.
const Prefix = "/assets/"

//go:embed css/*.css kontor.js mark.svg
var files embed.FS

// file is one served file with the first twelve hex digits of its hash in its name, so that a
// browser may keep it for good and a new build is seen at once.
type file struct {
	body        []byte
	contentType string
	hashed      string
}

// all is made once, on first use: the stylesheet is written in parts and served as one.
var all = sync.OnceValue(func() map[string]file {
	parts, err := fs.Glob(files, "css/*.css") // sorted by name: tokens first
	if err != nil {
		panic(err) // the pattern is constant
	}
	var css bytes.Buffer
	for _, part := range parts {
		css.Write(read(part))
	}
	made := map[string]file{}
	for name, entry := range map[string]file{
		"kontor.css": {body: css.Bytes(), contentType: "text/css; charset=utf-8"},
		"kontor.js":  {body: read("kontor.js"), contentType: "text/javascript; charset=utf-8"},
		"mark.svg":   {body: read("mark.svg"), contentType: "image/svg+xml"},
	} {
		sum := sha256.Sum256(entry.body)
		ext := path.Ext(name)
		entry.hashed = strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		made[name] = entry
	}
	return made
})

func read(name string) []byte {
	body, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded: it is there or the program was not built
	}
	return body
}

// Path is the address of a file (kontor.css, kontor.js, mark.svg) with its content hash. An
// unknown name gives the plain address, which answers 404.
func Path(name string) string {
	if entry, ok := all()[name]; ok {
		return Prefix + entry.hashed
	}
	return Prefix + name
}

// Handler serves the files under Prefix. The hashed address is kept for a year; the plain address,
// and a hash of another build (a rolling restart), get today's content and must be asked for again.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := path.Base(r.URL.Path)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		entry, ok := all()[plain(asked)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		keep := "no-cache"
		if asked == entry.hashed {
			keep = "public, max-age=31536000, immutable"
		}
		head := w.Header()
		head.Set("Cache-Control", keep)
		head.Set("Content-Type", entry.contentType)
		head.Set("ETag", `"`+entry.hashed+`"`)
		head.Set("X-Content-Type-Options", "nosniff")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(entry.body))
	})
}

// plain takes the hash out of a name: kontor.0123456789ab.css is kontor.css.
func plain(name string) string {
	parts := strings.Split(name, ".")
	if len(parts) == 3 && len(parts[1]) == 12 {
		return parts[0] + "." + parts[2]
	}
	return name
}
