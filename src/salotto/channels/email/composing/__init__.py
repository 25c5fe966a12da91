"""Mail that goes out: its words, its look, its bytes and its signature."""
