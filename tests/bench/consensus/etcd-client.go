// Closed loops against etcd: reads one order a line, "KIND CLIENTS MILLISECONDS", answers each with one line of JSON.
//
// KIND is put or get (linearizable); fill writes every key once and takes as long as it takes. All clients share
// eight connections to the leader, each has one operation in flight.
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
)

const (
	connections = 8
	deadline    = 5 * time.Second
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

type load struct {
	kind    string
	clients int
	forTime time.Duration
	keys    int
	value   string
}

func main() {
	endpoints := strings.Split(os.Args[1], ",")
	keys, _ := strconv.Atoi(os.Args[2])
	valueBytes, _ := strconv.Atoi(os.Args[3])
	value := strings.Repeat("v", valueBytes)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var kind string
		var clients, forMs int
		if _, err := fmt.Sscan(lines.Text(), &kind, &clients, &forMs); err != nil {
			stop(err)
		}
		conns := connect(leaderOf(endpoints))
		order := load{kind, clients, time.Duration(forMs) * time.Millisecond, keys, value}
		text, err := json.Marshal(run(conns, order))
		if err != nil {
			stop(err)
		}
		fmt.Println(string(text))
		for _, conn := range conns {
			conn.Close()
		}
	}
}

func stop(err error) {
	fmt.Fprintln(os.Stderr, "etcd-client:", err)
	os.Exit(1)
}

func dial(endpoint string) *clientv3.Client {
	conn, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: deadline})
	if err != nil {
		stop(err)
	}
	return conn
}

// leaderOf asks until a member says of itself that it leads.
func leaderOf(endpoints []string) string {
	for try := 0; try < 100; try++ {
		for _, endpoint := range endpoints {
			conn := dial(endpoint)
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			status, err := conn.Status(ctx, endpoint)
			cancel()
			conn.Close()
			if err == nil && status.Leader != 0 && status.Leader == status.Header.MemberId {
				return endpoint
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop(fmt.Errorf("no member of %v leads", endpoints))
	return ""
}

// connect opens all connections and uses each once, so that no round pays for dialling.
func connect(endpoint string) []*clientv3.Client {
	conns := make([]*clientv3.Client, connections)
	for i := range conns {
		conns[i] = dial(endpoint)
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		if _, err := conns[i].Get(ctx, "warm"); err != nil {
			stop(err)
		}
		cancel()
	}
	return conns
}

func run(conns []*clientv3.Client, order load) answer {
	loops := make([]loop, order.clients)
	var wait sync.WaitGroup
	start := time.Now()
	for i := range loops {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			loops[i].drive(conns[i%len(conns)], order, i, start)
		}(i)
	}
	wait.Wait()
	return summary(loops, time.Since(start))
}

func (l *loop) drive(conn *clientv3.Client, order load, client int, start time.Time) {
	chance := rand.New(rand.NewSource(int64(client)))
	for turn := client; ; turn += order.clients {
		at := turn
		if order.kind == "fill" {
			if turn >= order.keys {
				return
			}
		} else {
			if time.Since(start) >= order.forTime {
				return
			}
			at = chance.Intn(order.keys)
		}
		from := time.Now()
		if err := operate(conn, order, fmt.Sprintf("key/%05d", at)); err != nil {
			l.failed++
			l.failure = err.Error()
			continue
		}
		l.tookMs = append(l.tookMs, float64(time.Since(from))/float64(time.Millisecond))
	}
}

func operate(conn *clientv3.Client, order load, key string) error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	if order.kind != "get" {
		_, err := conn.Put(ctx, key, order.value)
		return err
	}
	found, err := conn.Get(ctx, key)
	if err == nil && (len(found.Kvs) != 1 || len(found.Kvs[0].Value) != len(order.value)) {
		return fmt.Errorf("%s does not hold its value", key)
	}
	return err
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
