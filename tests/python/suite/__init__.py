"""The tests, one file per noun. Each function named `test_…` is one; all of them run at the same time."""
