// A program as a user of client_golang would write it: gauges of backup sets on /metrics. Its argument is the number of sets.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func main() {
	sets, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	for _, name := range os.Args[2:] {
		gauge := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: "A gauge of a backup set."}, []string{"url", "host", "user"})
		registry.MustRegister(gauge)
		for set := range sets {
			gauge.WithLabelValues("rest:http://localhost/repository", fmt.Sprintf("host-%d", set), "root").Set(float64(1700000000 + set))
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	fmt.Printf("http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
