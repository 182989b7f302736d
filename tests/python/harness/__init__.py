"""What the tests stand on: processes, the server, the books, and what runs the tests."""
