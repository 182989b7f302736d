module wrt.dev/tests/scenarios

go 1.26

require wrt.dev/sdk v0.0.0

replace wrt.dev/sdk => ../../../guest-sdk/go
