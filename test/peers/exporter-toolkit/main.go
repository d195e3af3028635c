// Command exporter-toolkit serves one page by each of the web configuration files that it is given, with the toolkit
// that Prometheus's own exporters use. It prints a line of JSON a file: the address, or why the file is refused.
package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/prometheus/exporter-toolkit/web"
)

type verdict struct {
	File    string `json:"file"`
	Address string `json:"address,omitempty"`
	Refused string `json:"refused,omitempty"`
}

func main() {
	lines := json.NewEncoder(os.Stdout)
	for _, file := range os.Args[1:] {
		lines.Encode(serve(file))
	}
	// The pipe of whoever started this ends with it.
	io.Copy(io.Discard, os.Stdin)
}

func serve(file string) verdict {
	if err := web.Validate(file); err != nil {
		return verdict{File: file, Refused: err.Error()}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return verdict{File: file, Refused: err.Error()}
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "page\n")
		}),
		ErrorLog: slog.NewLogLogger(slog.NewTextHandler(os.Stderr, nil), slog.LevelWarn),
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	accepting := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		announced := &announcedListener{Listener: listener, accepting: accepting}
		failed <- web.Serve(announced, server, &web.FlagConfig{WebConfigFile: &file}, logger)
	}()
	select {
	case err := <-failed:
		return verdict{File: file, Refused: err.Error()}
	case <-accepting:
		return verdict{File: file, Address: listener.Addr().String()}
	}
}

// announcedListener says when a server waits for connections for the first time: then it has taken its configuration.
type announcedListener struct {
	net.Listener
	accepting chan struct{}
	once      sync.Once
}

func (l *announcedListener) Accept() (net.Conn, error) {
	l.once.Do(func() { close(l.accepting) })
	return l.Listener.Accept()
}
