module wrt.dev/sdk

go 1.26
