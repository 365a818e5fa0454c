package assets

import (
	"fmt"
	"math"
	"strings"
)

// hexagon is a regular hexagon by its width across flats, flats left and right as on a bolt seen
// from the head.
func hexagon(x, y, across float64) string {
	radius := across / math.Sqrt(3)
	var points []string
	for i := range 6 {
		angle := math.Pi/6 + float64(i)*math.Pi/3
		points = append(points, fmt.Sprintf("%.1f,%.1f", x+radius*math.Cos(angle), y+radius*math.Sin(angle)))
	}
	return strings.Join(points, " ")
}

// thread hatches a threaded length from x1 to x2 around y.
func thread(x1, x2, y, wide float64) string {
	var d strings.Builder
	for x := x1 + 1.5; x < x2-1; x += 2.4 {
		fmt.Fprintf(&d, "M%.1f %.1fl1.2 %.1f", x, y-wide/2, wide)
	}
	return `<path class="d-l" d="` + d.String() + `"/>`
}

// shank is a rod from x1 to x2 around y with a chamfered end on the right.
func shank(x1, x2, y, wide float64, fill string) string {
	c := math.Min(wide/4, 2)
	return fmt.Sprintf(`<path class="d-o %s" d="M%.1f %.1fH%.1fl%.1f %.1fv%.1fl-%.1f %.1fH%.1fz"/>`,
		fill, x1, y-wide/2, x2-c, c, c, wide-2*c, c, c, x1)
}

// bolt is a hex bolt from the side: x is where the head ends, scale is units per millimetre.
func bolt(x, y, scale float64, m measures) string {
	wide, head, across := m.thread*scale, m.thread*.65*scale, m.thread*1.6*scale
	end := x + m.length*scale
	return shank(x, end, y, wide, "f-zinc") + thread(x, end, y, wide) +
		fmt.Sprintf(`<path class="d-o f-zinc" d="M%.1f %.1fh%.1fv%.1fh-%.1fq-1.6 -%.1f 0 -%.1f q-1.6 -%.1f 0 -%.1f q-1.6 -%.1f 0 -%.1fz"/>`,
			x-head, y-across/2, head, across, head, across/8, across/4, across/4, across/2, across/8, across/4) +
		fmt.Sprintf(`<path class="d-l" d="M%.1f %.1fh%.1fM%.1f %.1fh%.1f"/>`, x-head, y-across/4, head, x-head, y+across/4, head)
}

func tellBolt(m measures) string {
	if m.thread == 0 || m.length == 0 {
		m = measures{thread: 8, length: 40}
	}
	scale := math.Min(60/(m.length+m.thread), 26/(1.6*m.thread)) // fitted, not to scale
	return bolt(40-(m.length-m.thread*.65)*scale/2, 30, scale, m)
}

// plateBolt is to one scale for every hex bolt: 1.5 units are a millimetre.
func plateBolt(m measures) string {
	if m.length == 0 {
		return text(80, 92, m.caption) + `<g transform="translate(36 8) scale(1.1)">` + tellBolt(m) + `</g>`
	}
	scale := math.Min(1.5, 88/m.length)
	x, across := 66.0, m.thread*1.6*scale
	return centre(4, 44, 156, 44) + centre(24, 20, 24, 68) +
		`<polygon class="d-o f-zinc" points="` + hexagon(24, 44, across) + `"/>` +
		fmt.Sprintf(`<circle class="d-l" cx="24" cy="44" r="%.1f"/>`, across*.46) +
		bolt(x, 44, scale, m) + text(24, 91, "M"+number(m.thread)) +
		dimension(x, x+m.length*scale, 66, 82, number(m.length))
}

func tellNut(m measures) string {
	return `<polygon class="d-o f-zinc" points="` + hexagon(40, 30, 42) + `"/><circle class="d-l" cx="40" cy="30" r="19.5"/>` +
		`<circle class="d-o f-plate" cx="40" cy="30" r="11.5"/><path class="d-l" d="M40 16.500a13.5 13.5 0 1 0 13.5 13.5"/>`
}

func plateNut(m measures) string {
	return centre(6, 44, 154, 44) + centre(46, 12, 46, 76) +
		`<g transform="translate(6 14)">` + tellNut(m) + `</g>` +
		`<path class="d-o f-zinc" d="M104 22h20v44h-20q-1.6-5.5 0-11q-1.6-11 0-22q-1.6-5.5 0-11z"/><path class="d-l" d="M104 33h20M104 55h20"/>` +
		text(46, 91, "M"+number(m.thread)) + dimension(104, 124, 70, 82, number(math.Round(m.thread*.8*10)/10))
}

func tellWasher(measures) string {
	return `<circle class="d-o f-steel" cx="40" cy="30" r="23"/><circle class="d-o f-plate" cx="40" cy="30" r="11.5"/><path class="d-l" d="M23 20a19.5 19.5 0 0 1 8-8"/>`
}

func plateWasher(m measures) string {
	return centre(6, 44, 154, 44) + centre(46, 12, 46, 76) +
		`<g transform="translate(6 14)">` + tellWasher(m) + `</g><path class="d-o f-steel" d="M112 21h5v46h-5z"/><path class="d-l" d="M112 32.500h5M112 55.500h5"/>` +
		text(46, 91, "for M"+number(m.thread))
}

// screw is a pan head screw; tapping screws end in a point.
func screw(m measures, pointed bool) string {
	length := math.Min(math.Max(m.length/math.Max(m.thread, 1)*7, 22), 50)
	x := 46 - length/2
	out := thread(x, x+length-3, 30, 11)
	if pointed {
		out = thread(x, x+length-10, 30, 11) // the point is drawn without
	}
	if pointed {
		out = fmt.Sprintf(`<path class="d-o f-zinc" d="M%.1f 24.500h%.1fl10 5.500l-10 5.500h-%.1fz"/>`, x, length-10, length-10) + out
	} else {
		out = shank(x, x+length, 30, 11, "f-steel") + out
	}
	fill := "f-steel"
	if pointed {
		fill = "f-zinc"
	}
	return out + fmt.Sprintf(`<path class="d-o %s" d="M%.1f 18.500v23h-3q-7-3-7-11.500t7-11.500z"/><path class="d-l" d="M%.1f 30h4.5"/>`, fill, x, x-9)
}

func tellRod(measures) string {
	return `<path class="d-o f-zinc" d="M4 23.500h33l3 3.500l-4 3l4 3.500l-3 3h-33z"/><path class="d-o f-zinc" d="M76 23.500h-31l3 3.500l-4 3l4 3.500l-3 3h31z"/>` +
		thread(4, 35, 30, 13) + thread(48, 76, 30, 13)
}

func plateRod(m measures) string {
	return centre(4, 44, 156, 44) + `<g transform="translate(24 2.5) scale(1.4)">` + tellRod(m) + `</g>` +
		text(80, 26, "M"+number(m.thread)) + dimension(29.6, 130.4, 60, 80, "1,000")
}

func tellAnchor(measures) string {
	return shank(10, 62, 30, 11, "f-zinc") + thread(10, 34, 30, 11) +
		`<path class="d-o f-zinc" d="M62 24.500h6l5-2.500v16l-5-2.500h-6zM18 20h8v20h-8z"/><path class="d-l" d="M18 25h8M18 35h8"/><path class="d-o f-steel" d="M48 23.500h14v13h-14l-2-3.500h8v-6h-8z"/><path class="d-o f-steel" d="M27 18h3v24h-3z"/>`
}
