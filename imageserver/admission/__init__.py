"""Raw request → admitted request: rules are applied, address, lock and signature checked."""
