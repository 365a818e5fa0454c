package procurement

import (
	"net/url"

	"github.com/kontorhq/kontor/cxml"
)

func (k *checker) setUp(r *cxml.PunchOutSetupRequest) {
	const top = "PunchOutSetupRequest"
	if r.Operation == "source" {
		k.warn(top+"/@operation", "Few suppliers serve the operation source.", refuses(thisSystem, "answers 450"))
	}
	if r.BuyerCookie == "" {
		k.warn(top+"/BuyerCookie", "The BuyerCookie is empty: the buyer's system may not know whose cart comes home.", does(thisSystem, "returns it empty"))
	}
	if len(r.BuyerCookie) > 255 {
		k.warn(top+"/BuyerCookie", "The BuyerCookie is longer than 255 characters; many suppliers cut it.", does(thisSystem, "takes 4,000"))
	}
	if r.BrowserFormPost != "" {
		k.returnAddress(top+"/BrowserFormPost/URL", r.BrowserFormPost)
	}
	switch user := r.User(); {
	case user.Email != "":
		k.note(top, "The shopper is known by an e-mail address.")
	case user.Login != "":
		k.note(top, "The shopper is known by a login, not by an e-mail address.")
	default:
		k.warn(top+"/Extrinsic", "Nothing says who is shopping: no UserEmail, User, UniqueName or the like, no Contact and no ShipTo with an e-mail address.",
			does(thisSystem, "lets them share the connection's buyer"))
	}
	if r.Operation == "create" {
		for _, c := range k.root.child("Request").child(top).children {
			if c.name == "ItemOut" {
				k.note(top+"/ItemOut", "The operation is create, so the lines have no meaning.", does(thisSystem, "ignores them"))
				break
			}
		}
	} else if len(r.ItemOut) == 0 && (r.Operation == "edit" || r.Operation == "inspect") {
		k.warn(top+"/ItemOut", "The operation is "+r.Operation+", but there are no lines to "+r.Operation+".")
	}
}

func (k *checker) returnAddress(place, address string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		k.fault(place, "BrowserFormPost is no http or https address: a cart can't be brought back.", refuses(thisSystem, "answers 400"))
	case u.User != nil:
		k.fault(place, "BrowserFormPost carries credentials, which the shopper's browser would show.", refuses(thisSystem, "answers 400"))
	case u.Scheme == "http":
		k.fault(place, "BrowserFormPost is not https: the cart would travel in clear.", refuses(thisSystem, "answers 400, unless the connection's list of return hosts names http:// itself"))
	}
}
