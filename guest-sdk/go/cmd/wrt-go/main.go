// Command wrt-go builds modules of workflows and activities that are written in Go.
//
//	go run wrt.dev/sdk/cmd/wrt-go build -o orders.wasm ./orders
//
// It calls `go build` for GOOS=wasip1 and adds to the result what makes a component of it. The file is what
// `wrt deploy` takes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"wrt.dev/sdk/internal/modfile"
)

const usage = `Builds modules of workflows and activities.

Usage:
  wrt-go build [-o FILE] [-debug] [PACKAGE]   compile a package; "." if it is left out
  wrt-go finish FILE.wasm [-o FILE]           add to a module that ` + "`go build`" + ` has made what makes a component of it
`

func main() {
	if err := run(os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "wrt-go:", err)
		}
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return flag.ErrHelp
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	output := flags.String("o", "", "the file to write")
	debug := flags.Bool("debug", false, "keep the names of functions, for stack traces of the server")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "build":
		return build(flags.Arg(0), *output, *debug)
	case "finish":
		file := flags.Arg(0)
		if *output == "" {
			*output = file
		}
		return finish(file, *output)
	default:
		fmt.Fprint(os.Stderr, usage)
		return fmt.Errorf("no command is called %q", args[0])
	}
}

func build(pkg, output string, debug bool) error {
	if pkg == "" {
		pkg = "."
	}
	if output == "" {
		folder, err := filepath.Abs(pkg)
		if err != nil {
			return err
		}
		output = filepath.Base(folder) + ".wasm"
	}
	file, err := os.CreateTemp("", "wrt-go-*.wasm")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	file.Close()
	args := []string{"build", "-buildmode=c-shared", "-o", file.Name()}
	if !debug {
		args = append(args, "-ldflags=-s -w")
	}
	compile := exec.Command("go", append(args, "-trimpath", pkg)...)
	compile.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	compile.Stdout, compile.Stderr = os.Stdout, os.Stderr
	if err := compile.Run(); err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(compile.Args[1:], " "), err)
	}
	return finish(file.Name(), output)
}

func finish(from, to string) error {
	module, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	finished, err := modfile.Finish(module)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return os.WriteFile(to, finished, 0o644)
}
