// The plugin of @pulumi/kubernetes, of which no registry has the program, but one has the Go module. That module's own main
// package embeds its schema, which a step of its build makes; programs in TypeScript never ask for it.
package main

import "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"

// The release before the pinned module.
const version = "4.24.0"

func main() {
	none := []byte("{}")
	provider.Serve("kubernetes", version, none, none)
}
