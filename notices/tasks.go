package notices

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
)

// Task is something that a person has to tell, because the buyer's system was not told.
type Task struct {
	Merchant     string        `db:"merchant_id"`
	ID           string        `db:"id"`
	Object       string        `db:"object"` // the order
	Fact         string        `db:"fact"`
	Seq          int64         `db:"seq"`
	Event        string        `db:"event"`
	Organisation string        `db:"organisation_id"`
	Number       string        `db:"number"`
	Why          string        `db:"why"`
	State        string        `db:"state"` // open, done, resent
	CreatedAt    database.Time `db:"created_at"`
	Actor        string        `db:"actor"`
	Reason       string        `db:"reason"`
	EndedAt      database.Time `db:"ended_at"`
}

// Refusal tells whether the buyer doesn't know that it was refused, by any way.
func (t Task) Refusal() bool { return strings.HasPrefix(t.Fact, refusalOf) }

const (
	refusalOf  = "refusal:"
	deliveryOf = "delivery:"
)

// Loss is a delivery about an order that ended without the buyer's system knowing.
type Loss struct {
	Delivery outbox.Delivery
	Order    orders.Order
	Refusal  bool // the buyer was told by no other way that this version is refused
	Why      string
}

// Raise makes a task of a loss and has the credit contact told, in the transaction that records
// the loss. However often a version's refusal can't be sent, it is one task and one mail; what was
// sent again in vain is open again.
func Raise(ctx context.Context, tx *database.Tx, l Loss, now time.Time) error {
	d, o := l.Delivery, l.Order
	fact := deliveryOf + d.Destination + ":" + strconv.FormatInt(d.Seq, 10)
	if l.Refusal {
		fact = refusalOf + strconv.FormatInt(o.Version.Number, 10)
	}
	why := string(cxml.MaskText([]byte(l.Why))) // it may be a stranger's words
	made, err := tx.Exec(ctx, insertTask, d.Merchant, database.NewID("tsk"), d.Object, fact, d.Seq, d.Kind, o.Organisation, o.Number, why, database.At(now))
	if err != nil {
		return err
	}
	if made == 0 {
		_, err = tx.Exec(ctx, reopenTask, why, d.Merchant, d.Object, fact)
		return err
	}
	return outbox.Deliver(ctx, tx, d.Event, untold, database.At(now))
}

// OpenTasks lists what is to be told, the longest waiting first.
func OpenTasks(ctx context.Context, q database.Querier, merchant string, most int) (tasks []Task, err error) {
	err = q.Select(ctx, &tasks, selectOpenTasks, merchant, most)
	return tasks, err
}

// CountTasks counts what is to be told.
func CountTasks(ctx context.Context, q database.Querier, merchant string) (n int64, err error) {
	err = q.Get(ctx, &n, countOpenTasks, merchant)
	return n, err
}

// FindTask reads a task, open or not.
func FindTask(ctx context.Context, q database.Querier, merchant, id string) (t Task, err error) {
	err = q.Get(ctx, &t, selectTask, merchant, id)
	if database.None(err) {
		return t, fault.New(fault.Unknown, "there is no task with that id")
	}
	return t, err
}

// Finish ends a task: somebody told the buyer. A task that has ended stays as it is.
func Finish(ctx context.Context, tx *database.Tx, merchant, id, actor, reason string, now time.Time) error {
	t, err := FindTask(ctx, tx, merchant, id)
	if err != nil {
		return err
	}
	ended, err := tx.Exec(ctx, endTask, "done", actor, reason, database.At(now), merchant, id)
	if err != nil || ended == 0 {
		return err
	}
	in := func(state string) map[string]string { return map[string]string{"task": id, "state": state} }
	return accounts.Audit(ctx, tx, accounts.Change{Merchant: merchant, At: now, Actor: actor, Action: "task.done", Object: t.Object, Reason: reason,
		Was: in("open"), Became: in("done")})
}

// Resent ends the tasks about a delivery that is on its way again; should it be given up once
// more, they are open again. A mail that is sent again ends none.
func Resent(ctx context.Context, tx *database.Tx, event outbox.Event, destination, actor string, now time.Time) error {
	if strings.HasPrefix(destination, Scheme+":") {
		return nil
	}
	_, err := tx.Exec(ctx, resendTask, actor, database.At(now), event.Merchant, event.Object, event.Seq)
	return err
}

// taskAbout reads the task that a mail is about.
func taskAbout(ctx context.Context, q database.Querier, d outbox.Delivery) (t Task, err error) {
	err = q.Get(ctx, &t, selectTaskAbout, d.Merchant, d.Object, d.Seq)
	return t, err
}

const (
	insertTask = `
INSERT INTO tasks (merchant_id, id, object, fact, seq, event, organisation_id, number, why, state, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)
ON CONFLICT (merchant_id, object, fact) DO NOTHING`
	reopenTask = `
UPDATE tasks SET state = 'open', why = ?, actor = '', reason = '', ended_at = NULL
 WHERE merchant_id = ? AND object = ? AND fact = ? AND state = 'resent'`
	endTask = `
UPDATE tasks SET state = ?, actor = ?, reason = ?, ended_at = ? WHERE merchant_id = ? AND id = ? AND state = 'open'`
	resendTask = `
UPDATE tasks SET state = 'resent', actor = ?, ended_at = ? WHERE merchant_id = ? AND object = ? AND seq = ? AND state = 'open'`

	taskColumns = `
SELECT merchant_id, id, object, fact, seq, event, organisation_id, number, why, state, created_at, actor, reason, ended_at FROM tasks`
	selectOpenTasks = taskColumns + ` WHERE merchant_id = ? AND state = 'open' ORDER BY id LIMIT ?`
	selectTask      = taskColumns + ` WHERE merchant_id = ? AND id = ?`
	selectTaskAbout = taskColumns + ` WHERE merchant_id = ? AND object = ? AND seq = ? ORDER BY id LIMIT 1`
	countOpenTasks  = `SELECT count(*) FROM tasks WHERE merchant_id = ? AND state = 'open'`
)
