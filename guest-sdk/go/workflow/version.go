package workflow

import (
	"fmt"

	"wrt.dev/sdk/internal/contract"
)

// Version is a version of a change of workflow code.
type Version int

// DefaultVersion is that of the code before the change.
const DefaultVersion Version = -1

// GetVersion says which version of a change is to run: the newest for runs that come here for the first time, and for others
// that which they went with then. It panics, and so fails the workflow task, for runs that are older than minSupported.
//
// Each version is a patch whose id is the change's and the version's, such as "fee-2": a run has the mark of the newest
// version that there was when it came here first, and the versions are asked for from the newest one down.
func GetVersion(ctx Context, changeID string, minSupported, maxSupported Version) Version {
	for version := maxSupported; version > DefaultVersion && version >= minSupported; version-- {
		if Patched(ctx, fmt.Sprintf("%s-%d", changeID, version)) {
			return version
		}
	}
	if minSupported > DefaultVersion {
		panic(fmt.Sprintf("this run is older than version %d of change %q, and the code does not support that any more: bring "+
			"the old code back, or end the run", minSupported, changeID))
	}
	return DefaultVersion
}

// Patched is true when the code after a change is to run: for runs that come here for the first time, and on replay if they
// went that way then. Other SDKs of Temporal have it; GetVersion stands on it.
func Patched(ctx Context, patchID string) bool { return runOf(ctx).host.Patched(patchID) }

// DeprecatePatch says that no run needs the code before the change any more.
func DeprecatePatch(ctx Context, patchID string) {
	runOf(ctx).issue(&contract.DeprecatePatch{PatchID: patchID})
}
