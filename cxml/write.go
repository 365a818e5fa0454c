package cxml

import "time"

// Outgoing is the envelope of a document of ours. It is written anew for no retry: what was
// written once is stored and sent again as it is.
type Outgoing struct {
	Version        string // of the DTD that the connection asks for: "1.2.023"; "" is DefaultVersion
	PayloadID      string
	Lang           string // "" is "en-US"
	Timestamp      time.Time
	DeploymentMode string // "" is production
	InReplyTo      string // Message/@inReplyTo
	From, To       Party
	Sender         Party
	ASCII          bool // pure US-ASCII with numeric references, for cxml-urlencoded
}

// DefaultVersion is written where a connection asks for none.
const DefaultVersion = "1.2.050"
