package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wrt.dev/sdk/testsuite"
)

// The histories of the scenarios replay natively, command by command. WRT_SCENARIOS names another folder of scenarios.
func TestTheHistoriesOfTheScenariosReplay(t *testing.T) {
	folder := os.Getenv("WRT_SCENARIOS")
	if folder == "" {
		folder = "../../scenarios"
	}
	golden := filepath.Join(folder, "golden")
	if _, err := os.Stat(golden); err != nil {
		t.Skip("there are no histories in ", golden)
	}
	varies := varying(t, folder)
	err := filepath.WalkDir(golden, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, golden+"/"), ".json")
		if !varies[name] && name != "timer/clock-goes-on" { // natively time.Now is the machine's
			t.Run(name, func(t *testing.T) { replay(t, path) })
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// varying are the scenarios whose payloads hold what is the language's own.
func varying(t *testing.T, folder string) map[string]bool {
	files, err := filepath.Glob(filepath.Join(folder, "data", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		var scenarios []struct {
			Name   string
			Varies bool
		}
		read(t, file, &scenarios)
		for _, scenario := range scenarios {
			names[scenario.Name] = scenario.Varies
		}
	}
	return names
}

func replay(t *testing.T, file string) {
	var history struct{ Runs []json.RawMessage }
	read(t, file, &history)
	for _, run := range history.Runs {
		replayer := testsuite.NewWorkflowReplayer()
		replayer.RegisterWorkflow(Scenario)
		if err := replayer.ReplayWorkflowHistory(run); err != nil {
			t.Error(err)
		}
	}
}

func read(t *testing.T, file string, into any) {
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}
