package main

import (
	"bytes"
	"cmp"
	"context"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/kontorhq/kontor/simulators"
)

// largestPicture is what a picture in docs/pictures may weigh.
const largestPicture = 200 << 10

// `make screenshots` draws docs/pictures anew: the story on a fresh database, photographed. What
// differs from one run to the next are dates, times, order numbers and ids; figures and words don't.
func TestPictures(t *testing.T) {
	folder := os.Getenv("KONTOR_PICTURES")
	if folder == "" {
		t.Skip("pictures are drawn only where KONTOR_PICTURES names the folder to draw them into: make screenshots")
	}
	s := tell(t, "sqlite:"+filepath.Join(t.TempDir(), "kontor.db"))
	s.program = buildKontor(t)
	visitor := browser(t)
	p := photographer{tab: visitor, folder: folder}

	p.takes("landing", s.home, "Five minutes with Kontor")
	northfold := s.cartHome("northfold")
	s.order("northfold", northfold.ID)
	s.becomes("northfold", northfold.ID, simulators.Confirmed)
	castelmere := s.cartHome("castelmere")
	s.order("castelmere", castelmere.ID)
	s.becomes("castelmere", castelmere.ID, simulators.Waiting)

	documents := s.buyer("northfold").Documents(northfold.ID)
	at := slices.IndexFunc(documents, func(d simulators.Document) bool { return d.Type == "OrderRequest" })
	p.takes("desk", s.buyer("northfold").URL()+"requisitions/"+northfold.ID+"?doc="+documents[at].ID, "Confirmed", "$1,332.18")

	open, err := s.buyer("northfold").StartRequisition(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	shop, _ := s.arrive(open.StartPage)
	p.takes("shop", shop+"products?category=Fasteners", "Hex bolt")
	s.browse(http.MethodPost, shop+"usual", url.Values{})
	p.takes("cart", shop+"cart", "$1,332.18")

	visitor.open(s.entrance("")) // signs in
	visitor.sees("One order needs a person")
	console := s.config.PublicURL + "/m/brackwater/console"
	p.takes("today", console, "$195.00 over")
	p.takes("order", console+"/orders/"+s.kontors(s.requisition("castelmere", castelmere.ID).OrderNumber).ID, "$1,436.00", "$195.00")
	p.takes("credit", console+"/credit/"+s.line("northfold").ID, "$25,936.82")
	visitor.open(console + "/documents")
	visitor.sees("$25,936.82 stay available.")
	order := evaluate[string](visitor, `Array.from(document.querySelectorAll(".trail a")).find(function (a) { return a.innerText.includes("stay available"); }).href`)
	p.takes("documents", strings.TrimSuffix(order, "#document"), "Northfold Medical Group asks to shop.", "$25,936.82 stay available.")

	for _, trial := range s.bench.Trials() {
		if r, _ := s.bench.Try(t.Context(), trial.Slug); !r.OK() {
			t.Errorf("%s: %+v", trial.Slug, r)
		}
	}
	p.takes("break", s.buyersURL+"/break", "8 of 8 tried; all went as expected.")
	p.takes("break-five", s.buyersURL+"/break/five", "As expected, 6 of 6")
}

type photographer struct {
	*tab
	folder string
}

// takes photographs a page that shows the texts: 1440 and 390 px, and the buyer's desk by night too.
func (p photographer) takes(name, address string, texts ...string) {
	p.t.Helper()
	for _, look := range []struct {
		suffix        string
		width, height int64
		scheme        string
	}{{"-1440", 1440, 900, "light"}, {"-1440-dark", 1440, 900, "dark"}, {"-390", 390, 844, "light"}} {
		if look.scheme == "dark" && name != "desk" {
			continue
		}
		p.do(chromedp.EmulateViewport(look.width, look.height), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: look.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
			return err
		}))
		p.open(address)
		p.sees(texts...)
		taken, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			p.t.Fatal(err)
		}
		small, err := fewerColours(taken)
		if err != nil {
			p.t.Fatal(err)
		}
		if len(small) > largestPicture {
			p.t.Errorf("%s%s.png has %d bytes", name, look.suffix, len(small))
		}
		if err := os.WriteFile(filepath.Join(p.folder, name+look.suffix+".png"), small, 0o644); err != nil { //nolint:gosec // pictures for everybody
			p.t.Fatal(err)
		}
	}
}

// fewerColours writes a picture with the 256 colours that it has most of; the others, which are
// edges of letters, take the nearest. That is a third of the bytes, and no eye sees it.
func fewerColours(picture []byte) ([]byte, error) {
	whole, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, err
	}
	bounds, counts := whole.Bounds(), map[color.Color]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[whole.At(x, y)]++
		}
	}
	var colours color.Palette
	for c := range counts {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b color.Color) int {
		r1, g1, b1, _ := a.RGBA()
		r2, g2, b2, _ := b.RGBA()
		return cmp.Or(counts[b]-counts[a], cmp.Compare(r1, r2), cmp.Compare(g1, g2), cmp.Compare(b1, b2))
	})
	palette := colours[:min(len(colours), 256)]
	nearest := map[color.Color]uint8{}
	for _, c := range colours {
		nearest[c] = uint8(palette.Index(c)) //nolint:gosec // the palette has 256 at most
	}
	small := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			small.SetColorIndex(x, y, nearest[whole.At(x, y)])
		}
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err = encoder.Encode(&out, small)
	return out.Bytes(), err
}
