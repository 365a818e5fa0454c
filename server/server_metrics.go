package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is what Prometheus reads. It has an address of its own (decision 0011): nothing of it is
// on the port that buyers reach.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	log      *slog.Logger
}

// seconds are the histogram's buckets: most answers take milliseconds, and a write time-out ends
// the last ones.
var seconds = []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60}

// NewMetrics makes the registry: requests, the process, the build, and what the collectors add.
func NewMetrics(log *slog.Logger, version string, more ...prometheus.Collector) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), log: log, requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "kontor_http_request_duration_seconds", Buckets: seconds,
		Help: "How long requests took, by the route's pattern; paths would bring tokens in.",
	}, []string{"method", "route", "status"})}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "kontor_build_info", Help: "Always 1; the labels tell the build.",
		ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()}})
	build.Set(1)
	m.registry.MustRegister(m.requests, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(more...)
	return m
}

// seen counts one answered request. Methods and routes come from us, so their number is bounded.
func (m *Metrics) seen(method, route string, status int, took time.Duration) {
	if m != nil {
		m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
	}
}

// scrapeTime bounds what one scrape may take.
const scrapeTime = 10 * time.Second

// ServeHTTP answers a scrape. A collector that fails leaves its own figures out: those of the
// process are wanted most when the database is down.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, Timeout: scrapeTime,
		MaxRequestsInFlight: 4, ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelWarn)}).ServeHTTP(w, r)
}

// Run serves /metrics on the listener until ctx ends.
func (m *Metrics) Run(ctx context.Context, listener net.Listener) error {
	routes := http.NewServeMux()
	routes.Handle("GET /metrics", m)
	server := &http.Server{Handler: routes, ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: 2 * scrapeTime,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelWarn)}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // a scrape that is cut off comes again
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// known is a route's pattern for the log and the metrics; what no route took has no name.
func known(c echo.Context) string {
	if route := c.Path(); route != "" {
		return route
	}
	return "(none)"
}
