package assets

// families are tried in order, so that the more telling word comes first: "insulating tape" before
// "tape", "bubble wrap" before "bag". The last ones are the names of whole categories.
var families = []family{
	{words: "anchor", tell: tellAnchor, left: 10, right: 73},
	{words: "threaded rod", tell: tellRod, plate: plateRod},
	{words: "bolt", tell: tellBolt, plate: plateBolt},
	{words: "hex nut|lock nut", tell: tellNut, plate: plateNut},
	{words: "washer", tell: tellWasher, plate: plateWasher},
	{words: "tapping screw", tell: func(m measures) string { return screw(m, true) }, left: 21, right: 70},
	{words: "screwdriver", tell: plain80(drawScrewdriver)},
	{words: "screw", tell: func(m measures) string { return screw(m, false) }},
	{words: "rivet", tell: plain80(`<path class="d-o f-steel" d="M8 28.5h30v3h-30zM38 19h5v22h-5zM43 23h22q5 2 5 7t-5 7h-22z"/><path class="d-l" d="M66 24q-4 6 0 12"/>`), left: 43, right: 70},
	{words: "cut-resistant", tell: plain80(glove("f-black", "f-steel"))},
	{words: "glove", tell: plain80(glove("f-blue", "f-blue"))},
	{words: "glasses|goggles", tell: plain80(`<path class="d-o f-clear" d="M8 24h28q3 0 3 3v2q0 13-14 13t-17-12zM72 24h-28q-3 0-3 3v2q0 13 14 13t17-12z"/><path class="d-o f-none" d="M8 24l-2-6h-3M72 24l2-6h3M38 27q2-2 4 0"/><path class="d-l" d="M14 30l7 7M18 28l5 5M50 30l7 7M54 28l5 5"/>`)},
	{words: "hard hat|helmet|safety hat", tell: plain80(drawHat)},
	{words: "ear plug", tell: plain80(`<path class="d-o f-none" d="M20 28q2 22 20 22t20-22"/><path class="d-o f-yellow" d="M15 28v-6q0-10 5-12q5 2 5 12v6zM55 28v-6q0-10 5-12q5 2 5 12v6z"/><path class="d-l" d="M15 24h10M55 24h10"/>`)},
	{words: "respirator|mask", tell: plain80(`<path class="d-o f-none" d="M14 26Q2 14 10 8M66 26q12-12 4-18M14 36q-9 4-9 12M66 36q9 4 9 12"/><path class="d-o f-clear" d="M14 28q2-6 12-8q8-10 14-10t14 10q10 2 12 8q0 20-26 24Q14 48 14 28z"/><path class="d-l" d="M26 20q14 6 28 0M22 42q18 8 36 0"/><circle class="d-o f-steel" cx="40" cy="33" r="7"/><path class="d-l" d="M36 31h8M36 33.500h8M36 36h8"/>`)},
	{words: "vest", tell: plain80(`<path class="d-o f-yellow" d="M24 6h8q2 8 8 14q6-6 8-14h8l3 12q1 6 4 8v28h-46v-28q3-2 4-8z"/><path class="d-o f-clear" d="M17 34h46v5h-46zM17 44h46v5h-46z"/><path class="d-l" d="M40 20v34"/>`)},
	{words: "first aid", tell: plain80(`<path class="d-o f-none" d="M30 16v-6q0-2 2-2h16q2 0 2 2v6"/><rect class="d-o f-green" x="10" y="16" width="60" height="38" rx="4"/><path class="d-o f-clear" d="M36 24h8v7h7v8h-7v7h-8v-7h-7v-8h7z"/>`)},
	{words: "towel|tissue", tell: plain80(`<path class="d-o f-clear" d="M22 14v34q0 5 15 5t15-5v-34"/><ellipse class="d-o f-clear" cx="37" cy="14" rx="15" ry="6"/><ellipse class="d-o f-board" cx="37" cy="14" rx="5" ry="2"/><path class="d-o f-clear" d="M52 20h10v30q-5 4-10 2"/><path class="d-l" d="M52 32h10M52 42h10"/>`)},
	{words: "trash bag|refuse", tell: plain80(`<path class="d-o f-black" d="M33 16q-18 12-16 34q23 8 46 0q2-22-16-34z"/><path class="d-o f-black" d="M33 16q-4-8-8-9q8-2 15 3q7-5 15-3q-4 1-8 9z"/><path class="d-l" d="M33 16h14"/>`)},
	{words: "wipe", tell: plain80(`<path class="d-o f-clear" d="M24 20v32q0 3 16 3t16-3v-32"/><path class="d-o f-blue" d="M22 14h36v8h-36z"/><path class="d-o f-clear" d="M34 14q-2-6 4-9q1 4 6 4q3 2 0 5z"/><path class="d-l" d="M24 30h32M24 44h32"/>`)},
	{words: "mop|broom", tell: plain80(`<path class="d-o f-wood" d="M38.5 3h3v27h-3z"/><path class="d-o f-steel" d="M28 30h24v5h-24z"/><path class="d-o f-clear" d="M28 35q-2 12-8 20h40q-6-8-8-20z"/><path class="d-l" d="M32 35q-1 12-4 20M36.5 35q0 12-2 20M41 35v20M45 35q1 12 3 20M49 35q1 12 5 20"/>`)},
	{words: "absorbent|granul", tell: plain80(`<path class="d-o f-board" d="M22 8h36v5q4 18 0 42h-36q-4-24 0-42z"/><path class="d-l" d="M22 13h36M22 50h36"/><path class="d-o f-clear" d="M28 24h24v16h-24z"/><path class="d-l" d="M32 29h16M32 33h10"/>`)},
	{words: "spray|aerosol", tell: plain80(`<path class="d-o f-blue" d="M30 18q0-4 10-4t10 4v36q-10 3-20 0z"/><path class="d-o f-steel" d="M35 14v-4h10v4"/><path class="d-o f-red" d="M37 4h6v6h-6z"/><path class="d-l" d="M30 22q10 3 20 0M30 46q10 3 20 0M34 7h-6"/>`)},
	{words: "cleaner|bottle|detergent", tell: plain80(`<path class="d-o f-blue" d="M26 22q0-6 7-6h3v-5h12v5q8 1 8 8v26q0 4-4 4h-22q-4 0-4-4z"/><path class="d-o f-clear" d="M35 5h14v6h-14z"/><path class="d-o f-plate" d="M47 20q5 0 5 5v8h-5z"/><path class="d-o f-clear" d="M30 34h14v13h-14z"/>`)},
	{words: "insulating tape", tell: plain80(tapeRoll("f-black"))},
	{words: "tape measure", tell: plain80(`<path class="d-o f-yellow" d="M14 14q0-4 4-4h22q14 0 14 14v22q0 4-4 4h-32q-4 0-4-4z"/><circle class="d-o f-steel" cx="33" cy="29" r="11"/><path class="d-o f-clear" d="M54 43h20v6h-20z"/><path class="d-o f-steel" d="M73 42h3v11h-3z"/><path class="d-l" d="M58 43v3M62 43v3M66 43v3M70 43v3"/>`)},
	{words: "stretch film|film", tell: plain80(roll("f-clear", "")), left: 16, right: 60},
	{words: "bubble wrap", tell: plain80(roll("f-clear", `<path class="d-l" d="M24 22h.1M24 30h.1M24 38h.1"/><circle class="d-l" cx="24" cy="20" r="2.2"/><circle class="d-l" cx="31" cy="25" r="2.2"/><circle class="d-l" cx="24" cy="30" r="2.2"/><circle class="d-l" cx="31" cy="35" r="2.2"/><circle class="d-l" cx="38" cy="20" r="2.2"/><circle class="d-l" cx="38" cy="30" r="2.2"/><circle class="d-l" cx="24" cy="40" r="2.2"/><circle class="d-l" cx="45" cy="25" r="2.2"/><circle class="d-l" cx="45" cy="35" r="2.2"/><circle class="d-l" cx="38" cy="40" r="2.2"/>`)), left: 16, right: 60},
	{words: "label", tell: plain80(`<circle class="d-o f-clear" cx="32" cy="28" r="20"/><circle class="d-o f-board" cx="32" cy="28" r="8"/><circle class="d-o f-plate" cx="32" cy="28" r="6"/><path class="d-o f-clear" d="M32 48h40v4h-40z"/><path class="d-o f-clear" d="M44 36h22v12h-22z"/><path class="d-l" d="M47 40h12M47 43.500h8"/>`)},
	{words: "tape", tell: plain80(tapeRoll("f-clear"))},
	{words: "carton", tell: plain80(`<path class="d-o f-board" d="M40 8l26 12v24l-26 12l-26-12v-24z"/><path class="d-o f-board" d="M14 20l26 12l26-12M40 32v24"/><path class="d-l" d="M27 14l26 12v6M31 12.500l26 12"/>`)},
	{words: "plastic bag", tell: plain80(`<path class="d-o f-clear" d="M26 8h34v40h-34z"/><path class="d-o f-clear" d="M20 13h34v42h-34z"/><path class="d-l" d="M20 17.500h34M20 19.500h34M28 28l10 10M32 26l6 6"/>`), left: 20, right: 54},
	{words: "pallet", tell: plain80(`<path class="d-o f-wood" d="M18 18h44l12 18h-68z"/><path class="d-l" d="M15.5 21.600h49M12.7 25.500h54.500M10 30h60"/><path class="d-o f-wood" d="M6 36h68v4h-68zM6 47h68v4h-68zM8 40h9v7h-9zM35.5 40h9v7h-9zM63 40h9v7h-9z"/>`), left: 6, right: 74},
	{words: "cable tie", tell: plain80(`<path class="d-o f-clear" d="M8 20h8v10h-8zM16 22.500h54l4 2.500l-4 2.500h-54zM8 34h8v10h-8zM16 36.500h54l4 2.500l-4 2.500h-54z"/><path class="d-l" d="M20 22.500v5M24 22.500v5M28 22.500v5M32 22.500v5M36 22.500v5M20 36.500v5M24 36.500v5M28 36.500v5M32 36.500v5M36 36.500v5M10 25h4M10 39h4"/>`), left: 8, right: 74},
	{words: "extension", tell: plain80(`<path class="d-o f-none" d="M22 34q-10 0-10-10t28-10t28 10t-10 10"/><path class="d-o f-none" d="M22 38q-14 0-14-13t32-14t32 14t-14 13"/><path class="d-o f-red" d="M20 30h14v12h-14z"/><path class="d-o f-steel" d="M34 32.500h6v2h-6zM34 37.500h6v2h-6z"/><path class="d-o f-red" d="M46 30h14v12h-14z"/><path class="d-l" d="M46 33.500h4M46 38.500h4"/>`)},
	{words: "network cable|cable", tell: plain80(`<path class="d-o f-blue" fill-rule="evenodd" d="M40 8a22 22 0 1 0 .1 0zM40 20a10 10 0 1 1-.1 0z"/><circle class="d-l" cx="40" cy="30" r="19"/><circle class="d-l" cx="40" cy="30" r="16"/><circle class="d-l" cx="40" cy="30" r="13"/><path class="d-o f-none" d="M58 43q6 6 10 5"/><path class="d-o f-clear" d="M67 44h8v8h-8z"/><path class="d-l" d="M75 46h-3M75 48h-3M75 50h-3"/>`)},
	{words: "batter", tell: plain80(`<path class="d-o f-black" d="M22 16h14v36h-14zM44 16h14v36h-14z"/><path class="d-o f-brass" d="M22 16h14v10h-14zM44 16h14v10h-14z"/><path class="d-o f-steel" d="M26.5 12h5v4h-5zM48.5 12h5v4h-5z"/>`)},
	{words: "breaker", tell: plain80(`<path class="d-o f-clear" d="M30 6h20v10h4v28h-4v10h-20v-10h-4v-28h4z"/><path class="d-o f-black" d="M35 22h10v9h-10z"/><path class="d-l" d="M30 16h20M30 44h20"/><circle class="d-l" cx="40" cy="11" r="2.5"/><circle class="d-l" cx="40" cy="49" r="2.5"/>`)},
	{words: "hex key", tell: plain80(`<path class="d-o f-black" d="M12 12h4v30h46v4h-50zM24 16h3.500v18h36v3.500h-39.500zM35 18h3v9h26v3h-29z"/>`)},
	{words: "torque", tell: plain80(`<path class="d-o f-steel" d="M20 27.500h34v5h-34z"/><circle class="d-o f-steel" cx="15" cy="30" r="9"/><rect class="d-o f-plate" x="11" y="26" width="8" height="8"/><path class="d-o f-black" d="M50 25h24q2 5 0 10h-24z"/><path class="d-l" d="M54 25v10M58 25v10M62 25v10M66 25v10M70 25v10M28 30h18"/>`)},
	{words: "disc|abrasive", tell: plain80(`<circle class="d-o f-brass" cx="40" cy="30" r="23"/><circle class="d-o f-plate" cx="40" cy="30" r="3"/><circle class="d-l" cx="40" cy="15.5" r="1.8"/><circle class="d-l" cx="40" cy="44.5" r="1.8"/><circle class="d-l" cx="25.5" cy="30" r="1.8"/><circle class="d-l" cx="54.5" cy="30" r="1.8"/><circle class="d-l" cx="29.7" cy="19.7" r="1.8"/><circle class="d-l" cx="50.3" cy="19.7" r="1.8"/><circle class="d-l" cx="29.7" cy="40.3" r="1.8"/><circle class="d-l" cx="50.3" cy="40.3" r="1.8"/>`), left: 17, right: 63},

	{words: "fastener", tell: tellBolt},
	{words: "safety|protection", tell: plain80(drawHat)},
	{words: "cleaning", tell: plain80(`<path class="d-o f-blue" d="M26 22q0-6 7-6h3v-5h12v5q8 1 8 8v26q0 4-4 4h-22q-4 0-4-4z"/><path class="d-o f-clear" d="M35 5h14v6h-14z"/><path class="d-o f-plate" d="M47 20q5 0 5 5v8h-5z"/><path class="d-o f-clear" d="M30 34h14v13h-14z"/>`)},
	{words: "packaging", tell: plain80(`<path class="d-o f-board" d="M40 8l26 12v24l-26 12l-26-12v-24z"/><path class="d-o f-board" d="M14 20l26 12l26-12M40 32v24"/><path class="d-l" d="M27 14l26 12v6M31 12.500l26 12"/>`)},
	{words: "electrical", tell: plain80(`<path class="d-o f-black" d="M22 20h24q10 0 10 10t-10 10h-24z"/><path class="d-o f-steel" d="M10 24h12v3h-12zM10 33h12v3h-12z"/><path class="d-o f-none" d="M56 30q12 0 12 12t8 12"/><path class="d-l" d="M30 20v20"/>`)},
	{words: "tools|fluids", tell: plain80(drawScrewdriver)},
}

const (
	drawBox         = `<path class="d-o f-zinc" d="M40 8l22 11v23l-22 11l-22-11v-23z"/><path class="d-o f-steel" d="M18 19l22 11l22-11l-22-11zM40 30v23"/>`
	drawHat         = `<path class="d-o f-clear" d="M14 42q0-28 26-28t26 28z"/><path class="d-o f-clear" d="M34 15q6-5 12 0l2 27h-16z"/><path class="d-o f-clear" d="M8 42h64q3 6-6 7h-52q-9-1-6-7z"/><path class="d-l" d="M22 28q-2 6-2 14M58 28q2 6 2 14"/>`
	drawScrewdriver = `<path class="d-o f-red" d="M8 16h24q3 4 0 8h-24q-3-4 0-8zM8 36h24q3 4 0 8h-24q-3-4 0-8z"/><path class="d-o f-steel" d="M33 18.500h32l8-1v5l-8-1h-32zM33 38.500h34l5 1.500l-5 1.500h-34z"/><path class="d-l" d="M11 18.500h17M11 21.500h17M11 38.500h17M11 41.500h17"/>`
)

// plain80 is a telling view that no measure changes.
func plain80(svg string) func(measures) string {
	return func(measures) string { return svg }
}

// glove is a hand from the back: fill for the fingers, cuff for the wrist.
func glove(fill, cuff string) string {
	return `<path class="d-o ` + fill + `" d="M30 46q-3-7-7-10q-6-4-8-9q0-3 3-2q6 3 9 8l3 1l-3-20q0-3 2-3t3 3l4 14l-1-19q0-3 2.5-3t2.5 3l2 19l3-18q.5-3 3-2.500t2 3.500l-2 19l5-13q1-3 3-2t1 4l-5 17q-1 5-2 11z"/><path class="d-o ` + cuff + `" d="M29 46h23v8h-23z"/><path class="d-l" d="M29 49h23M33 33q3 3 3 8"/>`
}

// tapeRoll is a roll of tape seen at an angle.
func tapeRoll(fill string) string {
	return `<path class="d-o ` + fill + `" d="M34 9h14q16 4 16 21t-16 21h-14z"/><ellipse class="d-o ` + fill + `" cx="34" cy="30" rx="16" ry="21"/><ellipse class="d-o f-board" cx="34" cy="30" rx="9.5" ry="12.5"/><ellipse class="d-o f-plate" cx="35" cy="30" rx="7.5" ry="11"/><path class="d-l" d="M52 10.500q13 6 12 20"/>`
}

// roll is a wide roll on a core, lying; detail is drawn on its web.
func roll(fill, detail string) string {
	return `<path class="d-o ` + fill + `" d="M16 14h44q6 4 6 16t-6 16h-44z"/><path class="d-o ` + fill + `" d="M16 14q-6 4-6 16t6 16q6-4 6-16t-6-16z"/><ellipse class="d-o f-board" cx="16" cy="30" rx="2.5" ry="6.5"/><path class="d-o f-board" d="M66 27h6v6h-6"/>` + detail
}
