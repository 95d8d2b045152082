"""What keeps a running bot healthy and tells an operator how it is."""
