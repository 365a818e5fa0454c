package simulators

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// routes are all addresses under Path. The mux works with the full path, so that links, the
// return address and the cXML address are the same whoever mounts the handler.
func (b *Buyer) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+b.cfg.Path+"/cxml", b.postCXML)
	mux.HandleFunc("POST "+b.cfg.Path+"/return/{requisition}", b.postReturn)
	return mux
}

// postReturn is BrowserFormPost: the one address that other sites' pages post to. It trusts the
// BuyerCookie and nothing else.
func (b *Buyer) postReturn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		http.Error(w, sentence(fmt.Errorf("%w: the form can't be read", ErrCart)), http.StatusBadRequest)
		return
	}
	q, err := b.ReceiveCart(r.PathValue("requisition"), r.PostForm)
	if errors.Is(err, ErrNotFound) {
		http.Error(w, sentence(err), http.StatusNotFound)
		return
	}
	http.Redirect(w, r, b.cfg.Path+"/requisitions/"+url.PathEscape(q.ID), http.StatusSeeOther)
}
