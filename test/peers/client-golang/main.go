// A program as a user of client_golang would write it: gauges of backup sets on /metrics. Its arguments are
// the number of sets, how many of them get new values ten times a second, and the names of the metrics.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func main() {
	sets, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	changing, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	var gauges []*prometheus.GaugeVec
	for _, name := range os.Args[3:] {
		gauge := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: "A gauge of a backup set."}, []string{"url", "host", "user"})
		registry.MustRegister(gauge)
		gauges = append(gauges, gauge)
	}
	value := 1700000000
	change := func(set int) {
		for _, gauge := range gauges {
			gauge.WithLabelValues("rest:http://localhost/repository", fmt.Sprintf("host-%d", set), "root").Set(float64(value))
			value++
		}
	}
	for set := range sets {
		change(set)
	}
	if changing > 0 {
		go func() {
			next := 0
			for range time.Tick(100 * time.Millisecond) {
				for range changing {
					change(next % sets)
					next++
				}
			}
		}()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	fmt.Printf("http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
