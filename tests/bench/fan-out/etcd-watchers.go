// Watchers of etcd: reads "WATCHERS EVENTS" a line, follows that many puts to the last watcher, answers with one line of JSON.
//
// All watchers share eight connections, and so does the put.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/etcd/clientv3"
)

const (
	connections = 8
	deadline    = 5 * time.Second
	key         = "fan-out"
)

type answer struct {
	P50     float64 `json:"p50Ms"`
	P99     float64 `json:"p99Ms"`
	LastP50 float64 `json:"lastP50Ms"`
	LastMax float64 `json:"lastMaxMs"`
	Spread  float64 `json:"spreadP50Ms"`
}

func main() {
	endpoints := strings.Split(os.Args[1], ",")
	valueBytes, _ := strconv.Atoi(os.Args[2])
	value := strings.Repeat("v", valueBytes)
	var conns []*clientv3.Client
	for i := 0; i < connections; i++ {
		conn, err := clientv3.New(clientv3.Config{
			Endpoints: []string{endpoints[i%len(endpoints)]}, DialTimeout: deadline,
		})
		if err != nil {
			stop(err)
		}
		conns = append(conns, conn)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var watchers, events int
		if _, err := fmt.Sscan(lines.Text(), &watchers, &events); err != nil {
			stop(err)
		}
		text, err := json.Marshal(fanOut(conns, watchers, events, value))
		if err != nil {
			stop(err)
		}
		fmt.Println(string(text))
	}
}

func stop(err error) {
	fmt.Fprintln(os.Stderr, "etcd-watchers:", err)
	os.Exit(1)
}

func fanOut(conns []*clientv3.Client, watchers, events int, value string) answer {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	heard := make(chan time.Time, watchers)
	for i := 0; i < watchers; i++ {
		watch := conns[i%len(conns)].Watch(ctx, key, clientv3.WithCreatedNotify())
		// The first message says that the watch is there.
		if created := <-watch; created.Err() != nil {
			stop(created.Err())
		}
		go func() {
			for told := range watch {
				for range told.Events {
					heard <- time.Now()
				}
			}
		}()
	}
	var took, last, spread []float64
	for i := 0; i < events; i++ {
		start := time.Now()
		limited, done := context.WithTimeout(ctx, deadline)
		if _, err := conns[0].Put(limited, key, value); err != nil {
			stop(err)
		}
		done()
		latest, first := 0.0, math.Inf(1)
		for missing := watchers; missing > 0; missing-- {
			ms := float64((<-heard).Sub(start)) / float64(time.Millisecond)
			took = append(took, ms)
			latest, first = math.Max(latest, ms), math.Min(first, ms)
		}
		last = append(last, latest)
		spread = append(spread, latest-first)
	}
	sort.Float64s(took)
	sort.Float64s(last)
	sort.Float64s(spread)
	return answer{
		took[len(took)/2], took[len(took)*99/100], last[len(last)/2], last[len(last)-1], spread[len(spread)/2],
	}
}
