package money

import "strings"

// exponents lists the ISO 4217 currencies whose minor unit is not a hundredth. Every other
// active code of the list has two decimals.
var exponents = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
	"UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// hundredths are the ISO 4217 codes with two decimals.
const hundredths = " AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD" +
	" CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL" +
	" HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR" +
	" MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD" +
	" SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER" +
	" ZAR ZMW ZWG "

// Exponent is the number of decimals of a currency; ok is false for codes that ISO 4217
// doesn't list as money.
func Exponent(currency string) (exponent int, ok bool) {
	if exponent, ok = exponents[currency]; ok {
		return exponent, true
	}
	if len(currency) == 3 && strings.Contains(hundredths, " "+currency+" ") {
		return 2, true
	}
	return 0, false
}
