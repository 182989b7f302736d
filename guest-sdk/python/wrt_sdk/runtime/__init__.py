"""What stands between coroutines and the contract. Nothing here is public."""
