package assets_test

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/assets"
)

func ask(t *testing.T, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	assets.Handler().ServeHTTP(recorder, httptest.NewRequest(method, path, nil))
	return recorder
}

func TestFilesAreKeptByTheirHash(t *testing.T) {
	for name, contentType := range map[string]string{"kontor.css": "text/css; charset=utf-8", "kontor.js": "text/javascript; charset=utf-8", "mark.svg": "image/svg+xml"} {
		path := assets.Path(name)
		if !regexp.MustCompile(`^/assets/[a-z]+\.[0-9a-f]{12}\.(css|js|svg)$`).MatchString(path) {
			t.Errorf("address %q", path)
		}
		got := ask(t, http.MethodGet, path)
		if got.Code != 200 || got.Header().Get("Content-Type") != contentType || !strings.Contains(got.Header().Get("Cache-Control"), "immutable") || got.Body.Len() < 100 {
			t.Errorf("%s: %d %v, %d bytes", path, got.Code, got.Header(), got.Body.Len())
		}
		// The plain name, and the hash of another build during a restart, are not kept.
		for _, other := range []string{"/assets/" + name, strings.Replace(path, path[strings.Index(path, ".")+1:strings.LastIndex(path, ".")], "0123456789ab", 1)} {
			if got := ask(t, http.MethodGet, other); got.Code != 200 || got.Header().Get("Cache-Control") != "no-cache" {
				t.Errorf("%s: %d %q", other, got.Code, got.Header().Get("Cache-Control"))
			}
		}
	}
	for _, path := range []string{"/assets/", "/assets/assets.go", "/assets/css/10-tokens.css", "/assets/../kontor.env"} {
		if got := ask(t, http.MethodGet, path); got.Code != 404 {
			t.Errorf("%s: %d", path, got.Code)
		}
	}
	if got := ask(t, http.MethodPost, assets.Path("kontor.css")); got.Code != http.StatusMethodNotAllowed {
		t.Errorf("a POST: %d", got.Code)
	}
}

// The design's contrasts hold for the tokens as they are written, in both themes.
func TestContrastOfTheTokens(t *testing.T) {
	css := ask(t, http.MethodGet, assets.Path("kontor.css")).Body.String()
	light, dark, found := strings.Cut(css, "@media (prefers-color-scheme: dark)")
	if !found {
		t.Fatal("no dark theme")
	}
	pairs := []struct {
		text, ground string
		least        float64
	}{
		{"ink", "surface", 4.5}, {"ink2", "surface", 4.5}, {"ink3", "surface", 4.5}, {"ink3", "ground", 4.5}, {"accent", "surface", 4.5},
		{"accent", "accent-soft", 4.5}, {"ok", "ok-soft", 4.5}, {"wait", "wait-soft", 4.5}, {"stop", "stop-soft", 4.5}, {"stop", "surface", 4.5},
		{"ink2", "idle-soft", 4.5}, {"edge", "surface", 3}, {"edge", "ground", 3}, {"data2", "surface", 3}, {"stroke", "plate", 4.5},
	}
	for theme, part := range map[string]string{"light": light, "dark": dark[:strings.Index(dark, "--float")]} {
		for _, pair := range pairs {
			if got := contrast(token(t, part, pair.text), token(t, part, pair.ground)); got < pair.least {
				t.Errorf("%s: %s on %s is %.2f, want %.1f", theme, pair.text, pair.ground, got, pair.least)
			}
		}
	}
	for _, bar := range []string{"ariba", "coupa", "jaggaer", "oracle", "sap", "inverse", "btn"} {
		if got := contrast(token(t, light, bar), 0xffffff); got < 4.5 {
			t.Errorf("white on %s is %.2f", bar, got)
		}
	}
}

func token(t *testing.T, css, name string) int64 {
	t.Helper()
	found := regexp.MustCompile(`--` + name + `: #([0-9a-f]{6})`).FindStringSubmatch(css)
	if found == nil {
		t.Fatalf("no token %s", name)
	}
	value, _ := strconv.ParseInt(found[1], 16, 64)
	return value
}

// contrast is WCAG 2's ratio of two colours.
func contrast(a, b int64) float64 {
	l := func(c int64) float64 {
		sum := 0.0
		for i, weight := range []float64{.0722, .7152, .2126} {
			v := float64(c>>(8*i)&0xff) / 255
			if v <= .04045 {
				v /= 12.92
			} else {
				v = math.Pow((v+.055)/1.055, 2.4)
			}
			sum += weight * v
		}
		return sum + .05
	}
	return max(l(a), l(b)) / min(l(a), l(b))
}

func TestDrawings(t *testing.T) {
	names := []string{
		"Hex bolt M8 × 40, zinc, 8.8", "Hex nut M8, zinc", "Flat washer M8", "Tapping screw 4.2 × 25", "Machine screw M4 × 10, stainless", "Blind rivet 4.8 × 10",
		"Threaded rod M10, 1 m", "Wedge anchor M12 × 100", "Disposable nitrile gloves, size L", "Safety glasses, clear", "Hard hat, white", "Paper towels, 2-ply",
		"General purpose cleaner", "Packaging tape 48 mm × 66 m", "Electrical insulating tape, black", "Tape measure 8 m", "Slotted carton 300 × 300 × 300 mm", "Network cable, category 6, by the metre",
		"Alkaline batteries AA", "Screwdriver set, 8 pieces", "Torque wrench 40–200 Nm", "Abrasive discs 125 mm, P80", "Spray lubricant 400 ml",
		"Hex bolt M99999999999 × 99999999999", "Hex bolt M8", "", `<script>"&'`, "Bolt M0 × 0",
	}
	seen := map[string]string{}
	for _, name := range names {
		plate := string(assets.Drawing("FAS-1", name))
		for _, svg := range []string{plate, string(assets.Thumb("FAS-1", name))} {
			wellFormed(t, name, svg)
			if bad := regexp.MustCompile(` style=|<script|NaN|Inf|on[a-z]+=`).FindString(svg); bad != "" {
				t.Errorf("%q: the drawing has %q", name, bad)
			}
		}
		if plate != string(assets.Drawing("FAS-1", name)) {
			t.Errorf("%q is drawn differently the second time", name)
		}
		if before, ok := seen[plate]; ok && name != "" && !strings.Contains(name, "script") && !strings.Contains(name, "M0") {
			t.Errorf("%q and %q look the same", name, before)
		}
		seen[plate] = name
	}
	if string(assets.Drawing("FAS-1", "Hex bolt M8 × 60")) == string(assets.Drawing("FAS-1", "Hex bolt M8 × 40")) {
		t.Error("a longer bolt is not longer")
	}
}

func wellFormed(t *testing.T, name, svg string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("%q: %v in %s", name, err, svg)
			return
		}
	}
}

func TestLimitBar(t *testing.T) {
	tests := []struct {
		name  string
		limit assets.Limit
		want  []string
		not   string
	}{
		{"parts in order", assets.Limit{Limit: 7000000, Receivables: 3500000, Holds: 1750000, Offline: 700000, Base: 6000000},
			[]string{`limit__recv" x="0.00%"`, `width="50.00%"`, `limit__holds" x="50.00%"`, `width="25.00%"`, `x="75.00%"`, `width="10.00%"`, `limit__tick" x1="85.71%"`}, "limit__over"},
		{"a cent over is over", assets.Limit{Limit: 100, Receivables: 100, Holds: 1}, []string{"limit__over"}, "limit__recv"},
		{"exactly full is not", assets.Limit{Limit: 100, Receivables: 100}, []string{`width="100.00%"`}, "limit__over"},
		{"nothing at all", assets.Limit{}, []string{"limit__frame"}, "limit__over"},
		{"sums beyond a float's integers", assets.Limit{Limit: 9_000_000_000_000_000_000, Receivables: 3_000_000_000_000_000_000}, []string{`width="33.33%"`}, "limit__over"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			svg := string(assets.LimitBar(test.limit))
			wellFormed(t, test.name, svg)
			for _, want := range test.want {
				if !strings.Contains(svg, want) {
					t.Errorf("no %q in %s", want, svg)
				}
			}
			if strings.Contains(svg, test.not) || strings.Contains(svg, " style=") {
				t.Errorf("%q or a style in %s", test.not, svg)
			}
		})
	}
}
