package cxml

import (
	"errors"
	"time"
)

var errTodo = errors.New("not written yet")

type writer struct{}
type envelope struct{}

func (PunchOutOrderMessage) envelope() envelope { return envelope{} }
func (ConfirmationRequest) envelope() envelope  { return envelope{} }
func (StatusUpdateRequest) envelope() envelope  { return envelope{} }
func (PunchOutOrderMessage) write(*writer)      {}
func (ConfirmationRequest) write(*writer)       {}
func (StatusUpdateRequest) write(*writer)       {}
func (PunchOutSetupResponse) respond(*writer)   {}
func (ProfileResponse) respond(*writer)         {}

// Read parses one document.
func Read(body []byte, contentType string, limits Limits) (*Document, error) { return nil, errTodo }

// MaskText masks what looks like a secret or a card number in bytes that could not be parsed.
func MaskText(body []byte) []byte { return nil }

func (d *Document) Mask()                                                {}
func (d *Document) Masked() []byte                                       { return nil }
func (d *Document) CanonicalRequest() []byte                             { return nil }
func (d *Document) PunchOutSetupRequest() (*PunchOutSetupRequest, error) { return nil, errTodo }
func (d *Document) OrderRequest() (*OrderRequest, error)                 { return nil, errTodo }
func (d *Document) StatusUpdateRequest() (*StatusUpdateRequest, error)   { return nil, errTodo }
func (d *Document) PunchOutOrderMessage() (*PunchOutOrderMessage, error) { return nil, errTodo }
func (d *Document) ConfirmationRequest() (*ConfirmationRequest, error)   { return nil, errTodo }
func (d *Document) Response() (*Response, error)                         { return nil, errTodo }
func (r *PunchOutSetupRequest) User() User                               { return User{} }
func (o Outgoing) Write(body Body) ([]byte, error)                       { return nil, errTodo }
func WriteResponse(version, payloadID string, at time.Time, status Status, body ResponseBody) []byte {
	return nil
}
