"""What people did, and told the collector of: kept beside the counts, and never changed afterwards."""
