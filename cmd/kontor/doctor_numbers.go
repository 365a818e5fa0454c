package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/database"
)

// numbers reads what operators watch out of the database, at each scrape.
//
// Documents and orders are kept for years, so they are not counted again and again: each scrape
// adds those that came since the last one, found by their ids, which begin with the time. The
// newest moments are left for the next scrape, because a transaction that is still open may bring
// an earlier id.
type numbers struct {
	db    *database.DB
	clock *clock.Clock
	log   *slog.Logger
	lag   time.Duration

	mu        sync.Mutex
	until     time.Time
	documents map[documentKey]float64
	orders    map[orderKey]float64
}

type documentKey struct {
	Merchant  string `db:"merchant"`
	Direction string `db:"direction"`
	Type      string `db:"type"`
	Status    string `db:"status"`
}

type orderKey struct {
	Merchant string `db:"merchant"`
	Decision string `db:"decision"`
}

type documentCount struct {
	documentKey
	Count int64 `db:"count"`
}

type orderCount struct {
	orderKey
	Count int64 `db:"count"`
}

// settled is how long a transaction may take before its documents could be missed.
const settled = 30 * time.Second

func newNumbers(db *database.DB, c *clock.Clock, log *slog.Logger) *numbers {
	return &numbers{db: db, clock: c, log: log, lag: settled, until: time.Now().Add(-settled),
		documents: map[documentKey]float64{}, orders: map[orderKey]float64{}}
}

// pools tells how the connections are used.
func pools(db *database.DB) []prometheus.Collector {
	list := []prometheus.Collector{collectors.NewDBStatsCollector(db.SQL(), "writer")}
	if db.Lite() {
		list = append(list, collectors.NewDBStatsCollector(db.Readers(), "reader"))
	}
	return list
}

var (
	documentsSeen = prometheus.NewDesc("kontor_documents_total",
		"Documents in and out since this process started, by type and protocol status. Every process counts all of them: take max, not sum.",
		[]string{"merchant", "direction", "type", "status"}, nil)
	ordersSeen = prometheus.NewDesc("kontor_orders_total",
		"Orders since this process started, by what was decided within half a minute. Every process counts all of them: take max, not sum.",
		[]string{"merchant", "decision"}, nil)
	ordersWaiting   = prometheus.NewDesc("kontor_orders_waiting", "Orders that wait for a person's credit decision.", []string{"merchant"}, nil)
	deliveriesNow   = prometheus.NewDesc("kontor_deliveries", "Deliveries that are not done: ready, running or dead.", []string{"merchant", "state"}, nil)
	oldestReady     = prometheus.NewDesc("kontor_deliveries_oldest_ready_seconds", "Age of the oldest delivery that is still to be made; 0 without one.", nil, nil)
	databaseAnswers = prometheus.NewDesc("kontor_database_up", "Whether the database answered this scrape.", nil, nil)
)

// Describe is for the registry.
func (n *numbers) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{documentsSeen, ordersSeen, ordersWaiting, deliveriesNow, oldestReady, databaseAnswers} {
		out <- d
	}
}

// Collect answers a scrape. Without the database it says so, and nothing else.
func (n *numbers) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	n.mu.Lock()
	defer n.mu.Unlock()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	now, err := n.read(ctx)
	if err != nil {
		n.log.Warn("the metrics of the database could not be read", "error", err)
		gauge(databaseAnswers, 0)
		return
	}
	gauge(databaseAnswers, 1)
	for _, d := range now.deliveries {
		gauge(deliveriesNow, float64(d.Count), d.Merchant, d.State)
	}
	for merchant, count := range now.waiting {
		gauge(ordersWaiting, float64(count), merchant)
	}
	gauge(oldestReady, now.oldest.Seconds())
	for key, count := range n.documents {
		out <- prometheus.MustNewConstMetric(documentsSeen, prometheus.CounterValue, count, key.Merchant, key.Direction, key.Type, key.Status)
	}
	for key, count := range n.orders {
		out <- prometheus.MustNewConstMetric(ordersSeen, prometheus.CounterValue, count, key.Merchant, key.Decision)
	}
}

// moment is what is true now.
type moment struct {
	deliveries []struct {
		Merchant string `db:"merchant"`
		State    string `db:"state"`
		Count    int64  `db:"count"`
	}
	waiting map[string]int64
	oldest  time.Duration
}

func (n *numbers) read(ctx context.Context) (moment, error) {
	now := moment{waiting: map[string]int64{}}
	if err := n.db.Select(ctx, &now.deliveries, openDeliveries); err != nil {
		return now, err
	}
	var oldest struct {
		At database.Time `db:"at"`
	}
	if err := n.db.Get(ctx, &oldest, oldestDelivery); err == nil {
		now.oldest = max(n.clock.Now().Sub(oldest.At.Time), 0)
	} else if !database.None(err) {
		return now, err
	}
	var merchants []string
	if err := n.db.Select(ctx, &merchants, `SELECT id FROM merchants ORDER BY id`); err != nil {
		return now, err
	}
	from, to := n.until, time.Now().Add(-n.lag)
	var documents []documentCount
	var orders []orderCount
	for _, merchant := range merchants {
		var count int64
		if err := n.db.Get(ctx, &count, waitingOrders, merchant); err != nil {
			return now, err
		}
		now.waiting[merchant] = count
		if !to.After(from) {
			continue
		}
		var someDocuments []documentCount
		if err := n.db.Select(ctx, &someDocuments, newDocuments, merchant, database.FirstID("doc", from), database.FirstID("doc", to)); err != nil {
			return now, err
		}
		var someOrders []orderCount
		if err := n.db.Select(ctx, &someOrders, newOrders, merchant, database.FirstID("ord", from), database.FirstID("ord", to)); err != nil {
			return now, err
		}
		documents, orders = append(documents, someDocuments...), append(orders, someOrders...)
	}
	if to.After(from) { // all was read: nothing is counted twice or left out after an error
		n.until = to
	}
	for _, d := range documents {
		d.Type = knownType(d.Type)
		n.documents[d.documentKey] += float64(d.Count)
	}
	for _, o := range orders {
		n.orders[o.orderKey] += float64(o.Count)
	}
	return now, nil
}

// knownType keeps names that strangers make up out of the labels.
func knownType(name string) string {
	switch name {
	case "ProfileRequest", "PunchOutSetupRequest", "PunchOutOrderMessage", "OrderRequest", "ConfirmationRequest", "StatusUpdateRequest",
		"OrderStatusRequest", "CopyRequest", "ReceiptRequest", "ShipNoticeRequest", "InvoiceDetailRequest":
		return name
	}
	return "other"
}

// The states are written into the texts: only so do partial indexes serve them.
const (
	openDeliveries = `
SELECT merchant_id AS merchant, state, count(*) AS count FROM deliveries WHERE state = 'ready' GROUP BY merchant_id, state
UNION ALL SELECT merchant_id, state, count(*) FROM deliveries WHERE state = 'running' GROUP BY merchant_id, state
UNION ALL SELECT merchant_id, state, count(*) FROM deliveries WHERE state = 'dead' GROUP BY merchant_id, state`
	oldestDelivery = `SELECT created_at AS at FROM deliveries WHERE state = 'ready' ORDER BY created_at LIMIT 1`
	waitingOrders  = `SELECT count(*) FROM orders WHERE merchant_id = ? AND state = 'credit_review'`
	newDocuments   = `
SELECT merchant_id AS merchant, direction, type, CAST(status AS TEXT) AS status, count(*) AS count FROM documents
 WHERE merchant_id = ? AND id >= ? AND id < ? GROUP BY merchant_id, direction, type, status`
	newOrders = `
SELECT merchant_id AS merchant, state AS decision, count(*) AS count FROM orders
 WHERE merchant_id = ? AND id >= ? AND id < ? GROUP BY merchant_id, state`
)
