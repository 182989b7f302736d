//go:build wasip1

package wasihttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"wrt.dev/sdk/internal/abi"
)

func init() { http.DefaultTransport = Transport{} }

// most is how many bytes a write may have at most.
const most = 4096

// methods are the cases of the variant, in its order; the next one is for other methods.
var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}

// field is a header.
type field struct {
	name  string
	value []byte
}

var fields = abi.List(abi.Record(
	abi.In(abi.String, func(f *field) *string { return &f.name }),
	abi.In(abi.Bytes, func(f *field) *[]byte { return &f.value }),
))

// RoundTrip sends a request and waits for the head of the answer.
func (Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body != nil {
		defer request.Body.Close()
	}
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	response, err := send(request)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", request.Method, request.URL, err)
	}
	return response, nil
}

func send(request *http.Request) (*http.Response, error) {
	defer abi.ReleaseTo(abi.Mark())
	into := abi.Realloc(0, 0, 8, 64)
	outgoing, err := head(request, into)
	if err != nil {
		return nil, err
	}
	requestBody(outgoing, into)
	if abi.Bool.Load(into) {
		return nil, errors.New("the request has no body to write to")
	}
	body := abi.U32.Load(into + 4)
	handle(outgoing, 0, 0, into)
	if abi.Bool.Load(into) {
		return nil, errorCode(into + 8)
	}
	future := abi.U32.Load(into + 8)
	defer dropFutureResponse(future)
	if err := write(body, request.Body, into); err != nil {
		return nil, err
	}
	return receive(request, future, into)
}

// head makes the request without its body.
func head(request *http.Request, into uint32) (uint32, error) {
	headers := newFields()
	for name, values := range request.Header {
		for _, value := range values {
			name, value := abi.StringOf(strings.ToLower(name)), abi.StringOf(value)
			fieldsAppend(headers, name.Address, name.Length, value.Address, value.Length, into)
			if abi.Bool.Load(into) {
				return 0, fmt.Errorf("the header %s is refused", abi.LoadString(name.Address, name.Length))
			}
		}
	}
	if request.ContentLength > 0 && request.Header.Get("Content-Length") == "" {
		name, value := abi.StringOf("content-length"), abi.StringOf(fmt.Sprint(request.ContentLength))
		fieldsAppend(headers, name.Address, name.Length, value.Address, value.Length, into)
	}
	outgoing := newRequest(headers)
	method, other := uint32(len(methods)), abi.StringOf(request.Method)
	for i, name := range methods {
		if name == request.Method || name == "GET" && request.Method == "" {
			method = uint32(i)
			break
		}
	}
	scheme := uint32(0)
	if request.URL.Scheme == "https" {
		scheme = 1
	}
	authority := request.Host
	if authority == "" {
		authority = request.URL.Host
	}
	host, path := abi.StringOf(authority), abi.StringOf(request.URL.RequestURI())
	refused := setMethod(outgoing, method, other.Address, other.Length) +
		setScheme(outgoing, 1, scheme, 0, 0) +
		setAuthority(outgoing, 1, host.Address, host.Length) +
		setPath(outgoing, 1, path.Address, path.Length)
	if refused != 0 {
		return 0, errors.New("the method or the URL is refused")
	}
	return outgoing, nil
}

func write(body uint32, from io.Reader, into uint32) error {
	if from != nil {
		bodyWrite(body, into)
		if abi.Bool.Load(into) {
			return errors.New("the body cannot be written")
		}
		stream := abi.U32.Load(into + 4)
		err := copyBody(stream, from, into)
		dropOutputStream(stream)
		if err != nil {
			return err
		}
	}
	bodyFinish(body, 0, 0, into)
	if abi.Bool.Load(into) {
		return errorCode(into + 8)
	}
	return nil
}

func copyBody(stream uint32, from io.Reader, into uint32) error {
	buffer := make([]byte, most)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			mark := abi.Mark()
			chunk := abi.BytesOf(buffer[:n])
			streamWrite(stream, chunk.Address, chunk.Length, into)
			failed := abi.Bool.Load(into)
			abi.ReleaseTo(mark)
			if failed {
				return streamError(into + 4)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// receive waits for the head of the answer: option<result<result<incoming-response, error-code>>>.
func receive(request *http.Request, future, into uint32) (*http.Response, error) {
	pollable := responseSubscribe(future)
	pollableBlock(pollable)
	dropPollable(pollable)
	responseGet(future, into)
	if !abi.Bool.Load(into) || abi.Bool.Load(into+8) {
		return nil, errors.New("no answer came")
	}
	if abi.Bool.Load(into + 16) {
		return nil, errorCode(into + 24)
	}
	incoming := abi.U32.Load(into + 24)
	status := int(responseStatus(incoming))
	response := &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, ContentLength: -1, Request: request,
	}
	headers := responseHeaders(incoming)
	abi.Rest()
	fieldsEntries(headers, into)
	abi.Collect()
	for _, header := range fields.Load(into) {
		response.Header.Add(header.name, string(header.value))
	}
	dropFields(headers)
	if n, err := fmt.Sscan(response.Header.Get("Content-Length"), &response.ContentLength); n == 0 || err != nil {
		response.ContentLength = -1
	}
	responseConsume(incoming, into)
	body := abi.U32.Load(into + 4)
	bodyStream(body, into)
	response.Body = &reader{response: incoming, body: body, stream: abi.U32.Load(into + 4)}
	return response, nil
}

// reader is the body of an answer.
type reader struct {
	response, body, stream uint32
	closed                 bool
}

func (r *reader) Read(buffer []byte) (int, error) {
	if r.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	if len(buffer) == 0 {
		return 0, nil
	}
	defer abi.ReleaseTo(abi.Mark())
	into := abi.Realloc(0, 0, 8, 64)
	abi.Rest()
	streamRead(r.stream, uint64(len(buffer)), into)
	abi.Collect()
	if abi.Bool.Load(into) {
		return 0, streamError(into + 4)
	}
	return copy(buffer, abi.Bytes.Load(into+4)), nil
}

func (r *reader) Close() error {
	if !r.closed {
		r.closed = true
		dropInputStream(r.stream)
		dropBody(r.body)
		dropResponse(r.response)
	}
	return nil
}

// streamError is io.EOF for a stream that has come to its end.
func streamError(address uint32) error {
	if abi.U8.Load(address) == 1 {
		return io.EOF
	}
	failure := abi.U32.Load(address + 4)
	defer dropError(failure)
	into := abi.Realloc(0, 0, 4, 8)
	abi.Rest()
	errorText(failure, into)
	abi.Collect()
	return errors.New(abi.String.Load(into))
}

// errorCodes are the cases of wasi:http's error-code, in their order.
var errorCodes = strings.Fields(`DNS-timeout DNS-error destination-not-found destination-unavailable
	destination-IP-prohibited destination-IP-unroutable connection-refused connection-terminated connection-timeout
	connection-read-timeout connection-write-timeout connection-limit-reached TLS-protocol-error TLS-certificate-error
	TLS-alert-received HTTP-request-denied HTTP-request-length-required HTTP-request-body-size HTTP-request-method-invalid
	HTTP-request-URI-invalid HTTP-request-URI-too-long HTTP-request-header-section-size HTTP-request-header-size
	HTTP-request-trailer-section-size HTTP-request-trailer-size HTTP-response-incomplete HTTP-response-header-section-size
	HTTP-response-header-size HTTP-response-body-size HTTP-response-trailer-section-size HTTP-response-trailer-size
	HTTP-response-transfer-coding HTTP-response-content-coding HTTP-response-timeout HTTP-upgrade-failed
	HTTP-protocol-error loop-detected configuration-error internal-error`)

func errorCode(address uint32) error {
	code := int(abi.U8.Load(address))
	if code >= len(errorCodes) {
		return fmt.Errorf("error code %d of wasi:http", code)
	}
	name := errorCodes[code]
	if name == "HTTP-request-denied" {
		return errors.New("HTTP-request-denied: grant the host with `wrt deploy --allow-http`")
	}
	return errors.New(name)
}
