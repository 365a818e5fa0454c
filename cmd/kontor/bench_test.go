package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/dbtest"
)

// Every trial of "break it" against the demo itself, by its buttons. The figures of the story stay
// as they are, whatever is tried.
func TestBreakIt(t *testing.T) {
	binary := buildKontor(t)
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		s.program = binary
		list := s.bench.Trials()
		is(t, "the number of trials", len(list), 8)
		for _, trial := range list {
			to, _ := s.browse("POST", s.buyersURL+"/break/"+trial.Slug, url.Values{})
			_, page := s.browse("GET", to, nil)
			says(t, trial.Title, page, "Expected", "Happened", "As expected")
			if strings.Contains(page, "ot as expected") || strings.Contains(page, "Not carried through") {
				t.Errorf("%s:\n%s", trial.Title, page)
			}
		}
		_, page := s.browse("GET", s.buyersURL+"/break", nil)
		says(t, "the list", page, "8 of 8 tried; all went as expected.")
		s.left("northfold", "$27,269.00")
		s.left("northfold-west", "$4,369.25")
		s.left("castelmere", "$1,241.00")
		s.left("bench", "$2,000.00")
		for _, text := range []string{"4111 1111", "41111111"} {
			if strings.Contains(s.answers.text(), text) || strings.Contains(s.log.text(), text) {
				t.Errorf("the card number %s… was answered or logged", text)
			}
		}
	})
}
