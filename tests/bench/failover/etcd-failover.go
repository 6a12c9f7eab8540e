// Puts at all members of etcd at once: reads one order a line, answers each with one line of JSON.
//
//	press CLIENTS MILLISECONDS   that many closed loops, in equal parts at every member
//	first-put ENDPOINT,ENDPOINT  a put at each of these, tried again until one is acknowledged; says when
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.uber.org/zap"
)

const (
	keys                 = 10000
	connectionsPerMember = 3
	deadline             = 5 * time.Second
	// A member without a leader holds a put until it gives up: a new try is heard sooner.
	tryFor = 100 * time.Millisecond
	// A loop whose member is away asks again after this long.
	awayFor  = 50 * time.Millisecond
	giveUpIn = 20 * time.Second
)

type answer struct {
	Operations int     `json:"operations"`
	Failed     int     `json:"failed"`
	Failure    string  `json:"failure,omitempty"`
	Seconds    float64 `json:"seconds"`
	P50        float64 `json:"p50Ms"`
	P99        float64 `json:"p99Ms"`
}

type loop struct {
	tookMs  []float64
	failed  int
	failure string
}

func main() {
	endpoints := strings.Split(os.Args[1], ",")
	valueBytes, _ := strconv.Atoi(os.Args[2])
	value := strings.Repeat("v", valueBytes)
	conns := map[string][]*clientv3.Client{}
	for _, endpoint := range endpoints {
		for i := 0; i < connectionsPerMember; i++ {
			conns[endpoint] = append(conns[endpoint], dial(endpoint))
		}
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		switch words[0] {
		case "press":
			clients, _ := strconv.Atoi(words[1])
			forMs, _ := strconv.Atoi(words[2])
			reply(press(endpoints, conns, clients, time.Duration(forMs)*time.Millisecond, value))
		case "first-put":
			reply(firstPut(strings.Split(words[1], ","), conns, value))
		}
	}
}

func stop(err error) {
	fmt.Fprintln(os.Stderr, "etcd-failover:", err)
	os.Exit(1)
}

func reply(what interface{}) {
	text, err := json.Marshal(what)
	if err != nil {
		stop(err)
	}
	fmt.Println(string(text))
}

// dial opens a connection and uses it once, so that nobody pays for dialling later.
func dial(endpoint string) *clientv3.Client {
	quiet := zap.NewProductionConfig()
	// Its library tells of every try that failed, and here they fail on purpose.
	quiet.Level = zap.NewAtomicLevelAt(zap.FatalLevel)
	conn, err := clientv3.New(clientv3.Config{
		Endpoints: []string{endpoint}, DialTimeout: deadline, LogConfig: &quiet,
	})
	if err != nil {
		stop(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	if _, err := conn.Get(ctx, "warm"); err != nil {
		stop(err)
	}
	return conn
}

func put(conn *clientv3.Client, key int, value string, forTime time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), forTime)
	defer cancel()
	_, err := conn.Put(ctx, fmt.Sprintf("key/%05d", key), value)
	return err
}

func press(endpoints []string, conns map[string][]*clientv3.Client, clients int, forTime time.Duration, value string) answer {
	loops := make([]loop, clients)
	var wait sync.WaitGroup
	start := time.Now()
	for i := range loops {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			own := conns[endpoints[i%len(endpoints)]]
			loops[i].drive(own[i/len(endpoints)%len(own)], i, start, forTime, value)
		}(i)
	}
	wait.Wait()
	return summary(loops, time.Since(start))
}

func (l *loop) drive(conn *clientv3.Client, client int, start time.Time, forTime time.Duration, value string) {
	chance := rand.New(rand.NewSource(int64(client)))
	for time.Since(start) < forTime {
		from := time.Now()
		if err := put(conn, chance.Intn(keys), value, deadline); err != nil {
			l.failed++
			l.failure = err.Error()
			time.Sleep(awayFor)
			continue
		}
		l.tookMs = append(l.tookMs, float64(time.Since(from))/float64(time.Millisecond))
	}
}

func summary(loops []loop, took time.Duration) answer {
	var all []float64
	result := answer{Seconds: took.Seconds()}
	for _, each := range loops {
		all = append(all, each.tookMs...)
		result.Failed += each.failed
		if each.failure != "" {
			result.Failure = each.failure
		}
	}
	sort.Float64s(all)
	result.Operations = len(all)
	if len(all) > 0 {
		result.P50 = all[len(all)/2]
		result.P99 = all[len(all)*99/100]
	}
	return result
}

type done struct {
	AtMs float64 `json:"atMs"`
}

// firstPut gives one member's answer, and lets the others end with their next try.
func firstPut(endpoints []string, conns map[string][]*clientv3.Client, value string) done {
	first := make(chan done, len(endpoints))
	start := time.Now()
	for _, endpoint := range endpoints {
		go func(conn *clientv3.Client) {
			for time.Since(start) < giveUpIn {
				if put(conn, 0, value, tryFor) == nil {
					first <- done{float64(time.Now().UnixNano()) / 1e6}
					return
				}
			}
		}(conns[endpoint][0])
	}
	select {
	case at := <-first:
		return at
	case <-time.After(giveUpIn):
		stop(fmt.Errorf("no put was acknowledged for %v", giveUpIn))
		return done{}
	}
}
