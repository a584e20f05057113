// A language host that generates SDKs and programs, and runs none. The hosts that can be built from Go modules are older
// than `pulumi package gen-sdk` and the code of `pulumi import`; the generators themselves are in a module of today.
//
// Its name says the language, as with every host: it is called pulumi-language-python, and so on.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/hcl2/syntax"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

const tool = "the Pulumi Language SDK Generator"

type files = map[string][]byte

type generator struct {
	sdk     func(pkg *schema.Package, extra files, loader schema.ReferenceLoader) (files, error)
	program func(program *pcl.Program) (files, hcl.Diagnostics, error)
}

var generators = map[string]generator{
	"go": {
		sdk: func(pkg *schema.Package, _ files, _ schema.ReferenceLoader) (files, error) {
			return golang.GeneratePackage(tool, pkg, nil)
		},
		program: golang.GenerateProgram,
	},
	"nodejs": {
		sdk: func(pkg *schema.Package, extra files, loader schema.ReferenceLoader) (files, error) {
			return nodejs.GeneratePackage(tool, pkg, extra, nil, false, loader)
		},
		program: nodejs.GenerateProgram,
	},
	"python": {
		sdk: func(pkg *schema.Package, extra files, loader schema.ReferenceLoader) (files, error) {
			return python.GeneratePackage(tool, pkg, extra, loader)
		},
		program: python.GenerateProgram,
	},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	language := strings.TrimPrefix(filepath.Base(os.Args[0]), "pulumi-language-")
	generator, found := generators[language]
	if !found {
		return fmt.Errorf("there is no generator for %q, which the program's name says", language)
	}
	engine := os.Args[len(os.Args)-1]
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan bool)
	go func() {
		<-ctx.Done()
		close(ended)
	}()
	// Where the engine is gone, so is this.
	if err := rpcutil.Healthcheck(ctx, engine, time.Minute, end); err != nil {
		return err
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: ended,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, &host{generator: generator})
			return nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Println(handle.Port)
	return <-handle.Done
}

type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	generator generator
}

func (*host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{}, nil
}

func (h *host) GeneratePackage(
	_ context.Context, request *pulumirpc.GeneratePackageRequest,
) (*pulumirpc.GeneratePackageResponse, error) {
	loader, err := schema.NewLoaderClient(request.LoaderTarget)
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	var spec schema.PackageSpec
	if err := json.Unmarshal([]byte(request.Schema), &spec); err != nil {
		return nil, err
	}
	pkg, diagnostics, err := schema.BindSpec(spec, loader, schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	if diagnostics.HasErrors() {
		return &pulumirpc.GeneratePackageResponse{Diagnostics: plugin.HclDiagnosticsToRPCDiagnostics(diagnostics)}, nil
	}
	generated, err := h.generator.sdk(pkg, request.ExtraFiles, schema.NewCachedLoader(loader))
	if err != nil {
		return nil, err
	}
	for name, content := range generated {
		path := filepath.Join(request.Directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			return nil, err
		}
	}
	return &pulumirpc.GeneratePackageResponse{Diagnostics: plugin.HclDiagnosticsToRPCDiagnostics(diagnostics)}, nil
}

func (h *host) GenerateProgram(
	_ context.Context, request *pulumirpc.GenerateProgramRequest,
) (*pulumirpc.GenerateProgramResponse, error) {
	loader, err := schema.NewLoaderClient(request.LoaderTarget)
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	parser := syntax.NewParser()
	for path, text := range request.Source {
		if err := parser.ParseFile(strings.NewReader(text), path); err != nil {
			return nil, err
		}
	}
	if parser.Diagnostics.HasErrors() {
		return failed(parser.Diagnostics), nil
	}
	var options []pcl.BindOption
	if !request.Strict {
		options = pcl.NonStrictBindOptions()
	}
	program, diagnostics, err := pcl.BindProgram(parser.Files, schema.NewCachedLoader(loader), options...)
	if err != nil {
		return nil, err
	}
	if diagnostics.HasErrors() || program == nil {
		return failed(diagnostics), nil
	}
	source, more, err := h.generator.program(program)
	if err != nil {
		return nil, err
	}
	answer := failed(append(diagnostics, more...))
	answer.Source = source
	return answer, nil
}

func failed(diagnostics hcl.Diagnostics) *pulumirpc.GenerateProgramResponse {
	return &pulumirpc.GenerateProgramResponse{Diagnostics: plugin.HclDiagnosticsToRPCDiagnostics(diagnostics)}
}
