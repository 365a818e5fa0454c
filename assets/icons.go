package assets

import "html/template"

// outlines are 16 × 16 strokes; an icon always stands beside its word.
var outlines = map[string]string{
	"search":  `<circle cx="7" cy="7" r="4.5"/><path d="M10.5 10.5 14 14"/>`,
	"cart":    `<path d="M1.5 2.5h2l1.6 7.5h6.8l1.4-5.5H4"/><circle cx="6" cy="13" r="1"/><circle cx="11" cy="13" r="1"/>`,
	"back":    `<path d="M13 8H3M7 4 3 8l4 4"/>`,
	"forward": `<path d="M3 8h10M9 4l4 4-4 4"/>`,
	"mail":    `<rect x="1.5" y="3.5" width="13" height="9" rx="1"/><path d="m2 4.5 6 4.5 6-4.5"/>`,
	"menu":    `<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>`,
	"close":   `<path d="m4 4 8 8M12 4l-8 8"/>`,
	"copy":    `<rect x="5" y="5" width="8.5" height="8.5" rx="1"/><path d="M11 2.5H3.5a1 1 0 0 0-1 1V11"/>`,
	"raw":     `<path d="M8 2v8M5 7l3 3 3-3M2.5 13.5h11"/>`,
	"home":    `<path d="M2.5 7.5 8 2.5l5.5 5v6h-4v-4h-3v4h-4z"/>`,
	"list":    `<rect x="2.5" y="2.5" width="11" height="11" rx="1"/><path d="M5 6h6M5 8.5h6M5 11h3"/>`,
	"people":  `<path d="M2.5 13.5v-11h6v11M8.5 6.5h5v7M4.5 5h2M4.5 7.5h2M4.5 10h2M10.5 9h1M10.5 11.5h1"/>`,
	"credit":  `<rect x="1.5" y="5" width="13" height="6" rx="1"/><path d="M6.5 5v6M10 5v6"/>`,
	"invoice": `<path d="M3.5 1.5h9v13l-1.5-1-1.5 1-1.5-1-1.5 1-1.5-1-1.5 1zM6 5h4M6 7.5h4M6 10h2"/>`,
	"truck":   `<path d="M1.5 4h8v7h-8zM9.5 6.5h3l2 2V11h-5"/><circle cx="4.5" cy="12" r="1.3"/><circle cx="11.5" cy="12" r="1.3"/>`,
	"paper":   `<path d="M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3M6 8h4M6 11h4"/>`,
	"link":    `<path d="m6.5 9.5 3-3M7 4.5l1.7-1.7a2.7 2.7 0 0 1 3.8 3.8L10.8 8.3M9 11.5l-1.7 1.7a2.7 2.7 0 0 1-3.8-3.8L5.2 7.7"/>`,
	"pulse":   `<path d="M1.5 8.5h3l2-5 3 9 2-4h3"/>`,
	"sliders": `<path d="M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7"/><circle cx="10.5" cy="4.5" r="1.5"/><circle cx="5.5" cy="11.5" r="1.5"/>`,
}

// Icon is a small outline by name (search, cart, back, forward, menu, close, copy, raw, home, list,
// people, credit, invoice, truck, paper, link, pulse, sliders), hidden from screen readers because
// its word stands beside it. An unknown name gives nothing.
func Icon(name string) template.HTML {
	outline, ok := outlines[name]
	if !ok {
		return ""
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">` + outline + `</svg>`)
}

// Mark is Kontor's own sign, 24 px.
func Mark() template.HTML {
	return `<svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><rect width="24" height="24" rx="5" fill="#1b4f9b"/><path d="M7 5h9M7 9.2h5.5M7 13.4h9M7 17.2h9M7 19.4h9" stroke="#fff" stroke-width="1.6"/></svg>`
}

// ShopMark is the demo merchant's sign, 24 px: the only place where a merchant's own colour appears.
func ShopMark() template.HTML {
	return `<svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><rect width="24" height="24" rx="4" fill="#f2b20c"/><path d="M3.5 15.5c2-2 4-2 5.7 0s3.6 2 5.6 0 3.7-2 5.7 0M3.5 19.5c2-2 4-2 5.7 0s3.6 2 5.6 0 3.7-2 5.7 0" fill="none" stroke="#14181d" stroke-width="1.8"/><path d="M12 4v8M8 8l4-4 4 4" fill="none" stroke="#14181d" stroke-width="2"/></svg>`
}
