// Oracle runs Temporal's own server in memory, for wrt to be compared with.
//
// It listens on a free port, says which one on standard output, and ends when its standard input does. So it never
// outlives the program that asks it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	serverlog "go.temporal.io/server/common/log"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/testing/freeport"
	"go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
)

const address = "127.0.0.1"

// searchAttributes are registered in every namespace.
type searchAttributes map[string]enumspb.IndexedValueType

func (s searchAttributes) String() string { return "" }

func (s searchAttributes) Set(text string) error {
	name, kind, found := strings.Cut(text, "=")
	value, err := enumspb.IndexedValueTypeFromString(kind)
	if !found || err != nil {
		return fmt.Errorf("search attribute %q: write NAME=TYPE", text)
	}
	s[name] = value
	return nil
}

// settings are values of the dynamic configuration. Numbers, durations and switches are given as Temporal's files have them.
type settings dynamicconfig.StaticClient

func (s settings) String() string { return "" }

func (s settings) Set(text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found {
		return fmt.Errorf("setting %q: write NAME=VALUE", text)
	}
	var parsed any = value
	var number int
	if value == "true" || value == "false" {
		parsed = value == "true"
	} else if _, err := fmt.Sscanf(value, "%d", &number); err == nil && fmt.Sprint(number) == value {
		parsed = number
	}
	s[dynamicconfig.MakeKey(name)] = parsed
	return nil
}

func main() {
	level := flag.String("log-level", "fatal", "least level that is logged, on standard error")
	namespaces := flag.String("namespaces", "default", "namespaces to begin with, separated by commas")
	attributes := searchAttributes{}
	flag.Var(attributes, "search-attribute", "NAME=TYPE, may be repeated")
	dynamic := settings{}
	flag.Var(dynamic, "dynamic-config-value", "NAME=VALUE, may be repeated")
	flag.Parse()

	port := freeport.MustGetFreePort()
	server, err := newServer(port, *level, strings.Split(*namespaces, ","), attributes, dynamic)
	if err != nil {
		log.Fatal(err)
	}
	if err := server.Start(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on %s:%d\n", address, port)
	_, err = io.Copy(io.Discard, os.Stdin)
	if err != nil && !errors.Is(err, io.EOF) {
		log.Fatal(err)
	}
	// Everything is in memory, so nothing is lost if the server does not stop in time.
	time.AfterFunc(2*time.Second, func() { os.Exit(0) })
	_ = server.Stop()
}

func newServer(
	port int, level string, namespaces []string, attributes searchAttributes, dynamic settings,
) (temporal.Server, error) {
	settings := serverConfig(port)
	store := settings.Persistence.DataStores[sqliteplugin.PluginName].SQL
	var rooms []*sqlite.NamespaceConfig
	for _, name := range namespaces {
		room, err := sqlite.NewNamespaceConfig("active", name, false, attributes)
		if err != nil {
			return nil, fmt.Errorf("namespace %s: %w", name, err)
		}
		rooms = append(rooms, room)
	}
	if err := sqlite.CreateNamespaces(store, rooms...); err != nil {
		return nil, fmt.Errorf("create namespaces: %w", err)
	}
	logger := serverlog.NewZapLogger(serverlog.BuildZapLogger(serverlog.Config{Level: level, Format: "console"}))
	return temporal.NewServer(
		temporal.WithConfig(settings),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithDynamicConfigClient(dynamicconfig.StaticClient(dynamic)),
	)
}

func serverConfig(port int) *config.Config {
	settings := &config.Config{}
	settings.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: address}
	settings.Persistence = config.Persistence{
		DefaultStore:     sqliteplugin.PluginName,
		VisibilityStore:  sqliteplugin.PluginName,
		NumHistoryShards: 1,
		DataStores: map[string]config.DataStore{
			sqliteplugin.PluginName: {SQL: &config.SQL{
				PluginName:        sqliteplugin.PluginName,
				ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
				DatabaseName:      "oracle",
			}},
		},
	}
	settings.ClusterMetadata = &cluster.Config{
		FailoverVersionIncrement: 10,
		MasterClusterName:        "active",
		CurrentClusterName:       "active",
		ClusterInformation: map[string]cluster.ClusterInformation{
			"active": {Enabled: true, InitialFailoverVersion: 1, RPCAddress: fmt.Sprintf("%s:%d", address, port)},
		},
	}
	settings.DCRedirectionPolicy = config.DCRedirectionPolicy{Policy: "noop"}
	settings.Services = map[string]config.Service{
		"frontend": service(port),
		"history":  service(freeport.MustGetFreePort()),
		"matching": service(freeport.MustGetFreePort()),
		"worker":   service(freeport.MustGetFreePort()),
	}
	settings.Archival.History.State = "disabled"
	settings.Archival.Visibility.State = "disabled"
	settings.NamespaceDefaults.Archival.History.State = "disabled"
	settings.NamespaceDefaults.Archival.Visibility.State = "disabled"
	settings.PublicClient = config.PublicClient{HostPort: fmt.Sprintf("%s:%d", address, port)}
	return settings
}

func service(port int) config.Service {
	return config.Service{
		RPC: config.RPC{GRPCPort: port, MembershipPort: freeport.MustGetFreePort(), BindOnIP: address},
	}
}
