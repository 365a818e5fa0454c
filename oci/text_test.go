package oci

import "testing"

// Shops keep descriptions in HTML; the buyer's order shows the long text as it is.
func TestALongTextIsPlain(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"plain text stays", "Size 9.\n\n  For oil & grease.", "Size 9.\n\n  For oil & grease."},
		{"signs that make no tag", "5 < 6 > 4, <5>, <M8>, a<b and R&D, AT&T", "5 < 6 > 4, <5>, <M8>, a<b and R&D, AT&T"},
		{"paragraphs and lists", "<p>Soft &amp; warm.</p>\n<ul>\n <li>Größe 9</li><li>CE</li></ul>", "Soft & warm.\nGröße 9\nCE"},
		{"words within a line stay together", "a <b>very</b> H<sub>2</sub>O<br>next<BR/>last", "a very H2O\nnext\nlast"},
		{"line ends within a paragraph are blanks", "<div>one\r\n two</div>", "one two"},
		{"what nobody reads goes", `<style>p{}</style>x<script type="a">alert("<p>")</script>y<!-- z -->`, "xy"},
		{"tables", "<table><tr><td>Load</td><td>50 kg</td></tr><tr><td>Height</td><td>2 m</td></tr></table>", "Load 50 kg\nHeight 2 m"},
		{"entities without tags", "Gr&ouml;&szlig;e 9 &#189; &amp; &lt;5&gt; &unknown; &copy", "Größe 9 ½ & <5> &unknown; &copy"},
		{"attributes", `<p class="a>b" onclick='x'>t</p>`, "t"},
		{"a tag that never ends", "<p>text <b", "text"},
		{"nothing but tags", "<p></p>", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := PlainText(test.text); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
