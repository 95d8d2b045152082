"""Networks compiled by torch for a card, and replayed there as CUDA graphs."""
