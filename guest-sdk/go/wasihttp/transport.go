// Package wasihttp lets net/http send requests from activities: a component has no sockets of its own, and asks the server.
//
// Importing it is enough, because it becomes http.DefaultTransport:
//
//	import _ "wrt.dev/sdk/wasihttp"
//
// A deployment says which hosts may be asked: `wrt deploy --allow-http HOST`. In a native program, such as a test, the
// transport is the one of net/http. Workflows cannot send requests: every use of it fails the workflow task.
package wasihttp

import "net/http"

// Transport is a http.RoundTripper. Requests are sent one at a time, and the whole answer is read as its body is.
type Transport struct{}

var _ http.RoundTripper = Transport{}
