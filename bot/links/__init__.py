"""Pictures that people link to: from where they may be fetched, and fetching them."""
